using System.Net.Http.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Money;
using Tollgate.FakeStripe;
using Tollgate.ServiceDefaults.Hosting;
using Tollgate.Testing;

namespace Tollgate.Billing.Tests.Payments;

/// <summary>Billing, the fake Stripe, and between them a relay that does what Accounts does with a webhook.</summary>
public sealed class StripeFixture : IAsyncLifetime
{
    public const string ApiKey = "sk_test_of_the_tests";
    public const string WebhookSecret = "whsec_of_the_tests";

    private readonly BillingFixture _billing = new();
    private WebApplication? _relay;

    public BillingFixture Billing => _billing;

    public WebApplication Stripe { get; private set; } = null!;

    public WebApplication App { get; private set; } = null!;

    public HttpClient Accounts { get; private set; } = null!;

    /// <summary>While true the relay drops what it gets, as a network would.</summary>
    public bool LosesWebhooks { get; set; }

    /// <summary>Bodies and signatures of the events that came, newest last.</summary>
    public List<(string Body, string Signature)> Seen { get; } = [];

    public async Task InitializeAsync()
    {
        await _billing.InitializeAsync();
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        _relay = builder.Build();
        _relay.Urls.Add("http://127.0.0.1:0");
        _relay.Run(RelayAsync);
        await _relay.StartAsync();

        Stripe = StartStripe($"{_relay.Urls.Single()}/stripe/webhook", "");
        await Stripe.StartAsync();
        App = await _billing.StartAsync(
            $"--Stripe:ApiKey={ApiKey}", $"--Stripe:ApiBase={Stripe.Url(ListenerKind.Public)}", $"--Stripe:WebhookSecret={WebhookSecret}",
            "--Stripe:AskAfter=01:00:00");
        Accounts = BillingFixture.Client(App, "accounts");
    }

    public async Task DisposeAsync()
    {
        Accounts.Dispose();
        await _billing.DisposeAsync();
        await Stripe.DisposeAsync();
        await _relay!.DisposeAsync();
    }

    public static WebApplication StartStripe(string webhookUrl, string stateFile) => FakeStripeApp.Create(
    [
        "--Listen:Public=http://127.0.0.1:0", $"--FakeStripe:ApiKey={ApiKey}", $"--FakeStripe:WebhookSecret={WebhookSecret}",
        $"--FakeStripe:WebhookUrl={webhookUrl}", $"--FakeStripe:StateFile={stateFile}", "--FakeStripe:RetryPause=00:00:00.050",
    ]);

    /// <summary>Starts a checkout and returns the address of its page.</summary>
    public async Task<string> StartCheckoutAsync(
        Guid organization, int amountUsd, Guid? requestId = null, string returnUrl = "http://127.0.0.1:9/billing?tab=1")
    {
        var answer = await Accounts.PostAsJsonAsync(
            $"/internal/organizations/{organization}/checkouts",
            new StartCheckout(amountUsd, "payer@example.org", returnUrl, requestId ?? Guid.NewGuid()),
            ContractsJson.Default.StartCheckout);
        answer.EnsureSuccessStatusCode();
        return (await answer.Content.ReadFromJsonAsync(ContractsJson.Default.CheckoutStarted))!.Url;
    }

    /// <summary>Fills the card form as a browser does.</summary>
    public static async Task<HttpResponseMessage> PostAsync(string page, params (string Name, string Value)[] fields)
    {
        using var handler = new HttpClientHandler { AllowAutoRedirect = false };
        using var browser = new HttpClient(handler);
        return await browser.PostAsync(page, new FormUrlEncodedContent(fields
            .Select(field => KeyValuePair.Create(field.Name, field.Value))));
    }

    public Task<decimal> BalanceAsync(Guid organization) =>
        _billing.ReadAsync<decimal>("select balance from wallets where organization_id = $1", organization);

    public Task BalanceBecomesAsync(Guid organization, decimal dollars) =>
        Until.TrueAsync(async () => await BalanceAsync(organization) == dollars, $"a balance of {dollars}");

    /// <summary>What Accounts does on its public port.</summary>
    public async Task<int> DeliverAsync(string body, string signature)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/internal/stripe/webhook") { Content = new StringContent(body) };
        request.Headers.TryAddWithoutValidation("Stripe-Signature", signature);
        using var answer = await Accounts.SendAsync(request);
        return (int)answer.StatusCode;
    }

    /// <summary>The event of a type that came for a checkout's page, newest. Events come in no order, and others come between.</summary>
    public (string Body, string Signature) SeenEvent(string type, string page)
    {
        lock (Seen)
        {
            return Seen.Last(seen => seen.Body.Contains($"\"type\":\"{type}\"", StringComparison.Ordinal)
                && seen.Body.Contains(SessionId(page), StringComparison.Ordinal));
        }
    }

    /// <summary>Stripe's id of the checkout session that a page is of.</summary>
    public static string SessionId(string page) => page[(page.LastIndexOf('/') + 1)..];

    private async Task RelayAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        var body = await reader.ReadToEndAsync();
        var signature = context.Request.Headers["Stripe-Signature"].ToString();
        lock (Seen)
        {
            Seen.Add((body, signature));
        }

        context.Response.StatusCode = LosesWebhooks ? 500 : await DeliverAsync(body, signature);
    }
}
