using System.Net;
using System.Net.Http.Headers;
using Tollgate.Contracts.Money;
using Tollgate.Testing;

namespace Tollgate.Accounts.Tests.Money;

public sealed class MoneyTests : IAsyncLifetime
{
    private AccountsHost _host = null!;

    public async Task InitializeAsync() => _host = await AccountsHost.StartAsync();

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Theory]
    [InlineData(200)]
    [InlineData(400)]
    public async Task Webhook_passes_bytes_signature_and_status_through(int status)
    {
        _host.Responder.WebhookStatus = status;
        byte[] body = [.. "{ \"id\":\"evt_1\",\r\n\t\"é\": 1.0 }  "u8, 0xff, 0x00];
        using var client = new HttpClient();
        using var request =
            new HttpRequestMessage(HttpMethod.Post, _host.PublicUrl + "/stripe/webhook") { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse("application/json; charset=utf-8");
        request.Headers.Add("Stripe-Signature", "t=1,v1=abc,v0=def");

        using var response = await client.SendAsync(request);

        Assert.Equal(status, (int)response.StatusCode);
        var relayed = _host.Responder.Requests.Single(r => r.PathAndQuery == "/internal/stripe/webhook");
        Assert.Equal(body, relayed.Body);
        Assert.Equal("t=1,v1=abc,v0=def", relayed.StripeSignature);
        Assert.StartsWith("Bearer ", relayed.Authorization, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Webhook_answers_503_while_Billing_is_away()
    {
        await _host.Responder.DisposeAsync();
        using var client = new HttpClient();
        using var content = new ByteArrayContent("{}"u8.ToArray());

        using var response = await client.PostAsync(_host.PublicUrl + "/stripe/webhook", content);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
    }

    [Fact]
    public async Task TopUp_leads_to_the_checkout_and_the_return_page_waits_for_the_credit()
    {
        using var browser = await _host.SignUpAsync();
        await Until.TrueAsync(() => _host.Responder.Wallets.Count == 1, "the wallet is opened");

        var sent = await browser.SubmitAsync("/billing", "top-up", ("Input.Amount", "0"), ("Input.Custom", "42"));
        var order = Orders().Last();
        var back = new Uri(order.ReturnUrl).PathAndQuery;
        _host.Responder.Checkout = new CheckoutState(42, CheckoutProgress.Open, TimeProvider.System.GetUtcNow());
        var waiting = await browser.OpenAsync(back + "&checkout=success");
        var cancelled = await browser.OpenAsync(back + "&checkout=cancelled");
        _host.Responder.Checkout = _host.Responder.Checkout with { Progress = CheckoutProgress.Paid };
        var arrived = await browser.OpenAsync(back + "&checkout=cancelled");
        _host.Responder.Checkout = _host.Responder.Checkout with { Progress = CheckoutProgress.Expired };
        var expired = await browser.OpenAsync(back);

        Assert.Equal("https://checkout.stripe.com/c/pay/cs_test_1", sent.Location);
        Assert.Equal((42, "ada@example.com"), (order.AmountUsd, order.Email));
        Assert.StartsWith(_host.PublicUrl, order.ReturnUrl, StringComparison.Ordinal);
        Assert.Equal("2", waiting.Headers["Refresh"]);
        Assert.Contains("Payment cancelled", cancelled.Html, StringComparison.Ordinal);
        Assert.Contains("Nothing was charged", cancelled.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("Refresh", cancelled.Headers.Keys);
        Assert.Contains("$42.00 arrived", arrived.Html, StringComparison.Ordinal); // The money counts, whatever the address says.
        Assert.DoesNotContain("Refresh", arrived.Headers.Keys);
        Assert.Contains("Nothing was charged", expired.Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TopUp_sent_again_names_the_same_checkout_and_another_amount_another_one()
    {
        using var browser = await _host.SignUpAsync();
        var form = await browser.HiddenFieldsAsync("/billing", "top-up");

        foreach (var amount in (string[])["10", "10", "50"])
        {
            await browser.SendAsync("/billing", form, ("Input.Amount", amount), ("Input.Custom", ""));
        }

        var orders = Orders();
        Assert.Equal([10, 10, 50], orders.Select(order => order.AmountUsd));
        Assert.Equal(orders[0], orders[1]);
        Assert.NotEqual(orders[0].RequestId, orders[2].RequestId);
    }

    [Fact]
    public async Task TopUp_charges_the_selected_amount_and_asks_when_another_one_is_typed()
    {
        using var browser = await _host.SignUpAsync();

        var both = await browser.SubmitAsync("/billing", "top-up", ("Input.Amount", "10"), ("Input.Custom", "42"));
        await browser.SubmitAsync("/billing", "top-up", ("Input.Amount", "10"), ("Input.Custom", "10"));

        Assert.Contains("$10 is selected and $42 is typed", both.Html, StringComparison.Ordinal);
        Assert.Equal([10], Orders().Select(order => order.AmountUsd));
    }

    [Fact]
    public async Task TopUp_refuses_an_amount_out_of_range()
    {
        using var browser = await _host.SignUpAsync();

        foreach (var (amount, custom) in ((string, string)[])[("0", "4"), ("0", "10001"), ("0", ""), ("-5", "")])
        {
            var page = await browser.SubmitAsync("/billing", "top-up", ("Input.Amount", amount), ("Input.Custom", custom));
            Assert.Equal(HttpStatusCode.OK, page.Status);
        }

        Assert.DoesNotContain(_host.Responder.Requests, r => r.PathAndQuery.EndsWith("/checkouts", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Pages_show_the_last_figures_while_Billing_is_away()
    {
        using var browser = await _host.SignUpAsync();
        await Until.TrueAsync(() => _host.Responder.Wallets.Count == 1, "the wallet is opened");
        var fresh = await browser.OpenAsync("/billing");
        await _host.Responder.DisposeAsync();

        var stale = await browser.OpenAsync("/billing");
        var overview = await browser.OpenAsync("/overview");
        var models = await browser.OpenAsync("/models");

        Assert.Contains("$4.999912", fresh.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("not reachable", fresh.Html, StringComparison.Ordinal);
        Assert.Contains("$4.999912", stale.Html, StringComparison.Ordinal);
        Assert.Contains("Billing is not reachable.", stale.Html, StringComparison.Ordinal);
        Assert.Contains("Billing is not reachable.", overview.Html, StringComparison.Ordinal);
        Assert.Contains("The gateway is not reachable.", models.Html, StringComparison.Ordinal);
    }

    private List<StartCheckout> Orders() =>
    [
        .. _host.Responder.Requests.Where(r => r.Method == "POST" && r.PathAndQuery.EndsWith("/checkouts", StringComparison.Ordinal))
            .Select(r => System.Text.Json.JsonSerializer.Deserialize<StartCheckout>(r.Body, System.Text.Json.JsonSerializerOptions.Web)!),
    ];
}
