using System.Net;
using System.Net.Http.Headers;
using Tollgate.Contracts.Money;
using Tollgate.Testing;

namespace Tollgate.Accounts.Tests;

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
        var order = System.Text.Json.JsonSerializer.Deserialize<StartCheckout>(
            _host.Responder.Requests.Last(r => r.Method == "POST").Body, System.Text.Json.JsonSerializerOptions.Web)!;
        var back = new Uri(order.ReturnUrl).PathAndQuery;
        var waiting = await browser.OpenAsync(back);
        _host.Responder.Statement = [new StatementLine(Guid.NewGuid(), TimeProvider.System.GetUtcNow(), "top_up", "Card", 42m)];
        var arrived = await browser.OpenAsync(back);

        Assert.Equal("https://checkout.stripe.com/c/pay/cs_test_1", sent.Location);
        Assert.Equal((42, "ada@example.com"), (order.AmountUsd, order.Email));
        Assert.StartsWith(_host.PublicUrl, order.ReturnUrl, StringComparison.Ordinal);
        Assert.Equal("2", waiting.Headers["Refresh"]);
        Assert.Contains("$42.00 arrived", arrived.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("Refresh", arrived.Headers.Keys);
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
}
