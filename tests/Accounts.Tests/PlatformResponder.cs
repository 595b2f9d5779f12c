using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Money;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Reports;
using Tollgate.Contracts.Workers;

namespace Tollgate.Accounts.Tests;

/// <summary>Stands in for Billing and the gateway on a real socket: answers what the test sets and keeps what came.</summary>
internal sealed class PlatformResponder : IAsyncDisposable
{
    private readonly WebApplication _app;

    private PlatformResponder(WebApplication app) => _app = app;

    public string Url => _app.Urls.First();

    /// <summary>Every request: method, path and query, bearer, Stripe signature, body.</summary>
    public ConcurrentQueue<Received> Requests { get; } = new();

    /// <summary>Statuses for the next requests; empty means to answer properly.</summary>
    public ConcurrentQueue<int> Failures { get; } = new();

    public ConcurrentDictionary<Guid, OpenWallet> Wallets { get; } = new();

    public IReadOnlyList<StatementLine> Statement { get; set; } = [];

    public IReadOnlyList<UsageRow> Usage { get; set; } = [];

    public IReadOnlyList<ModelPrice> Prices { get; set; } = [];

    /// <summary>What Billing finds wrong with every price, by member.</summary>
    public Dictionary<string, string[]> PriceFaults { get; set; } = [];

    public WelcomeCreditReport WelcomeCredits { get; set; } = new(0, []);

    public Contracts.Catalogue.Fleet Fleet { get; set; } = new(DateTimeOffset.UnixEpoch, []);

    public CheckoutState Checkout { get; set; } = new(5, CheckoutProgress.Open, DateTimeOffset.UnixEpoch);

    public BooksState Books { get; set; } = new([], [], 0, 0, 0);

    public IReadOnlyList<RejectedUsage> Rejected { get; set; } = [];

    public int WebhookStatus { get; set; } = 200;

    /// <summary>JSON for paths of the gateway, by path.</summary>
    public ConcurrentDictionary<string, string> Answers { get; } = new();

    public static async Task<PlatformResponder> StartAsync(string url = "http://127.0.0.1:0")
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls(url);
        builder.Logging.ClearProviders();
        var app = builder.Build();
        var responder = new PlatformResponder(app);
        app.Run(responder.AnswerAsync);
        await app.StartAsync();
        return responder;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        var path = context.Request.Path.Value!;
        Requests.Enqueue(new Received(
            context.Request.Method, path + context.Request.QueryString, context.Request.Headers.Authorization.ToString(),
            context.Request.Headers["Stripe-Signature"].ToString(), body.ToArray())
        {
            Cookies = context.Request.Headers.Cookie.ToString(),
            IdempotencyKey = context.Request.Headers["Idempotency-Key"].ToString(),
            KeyPublicId = context.Request.Headers[InternalCalls.KeyHeader].ToString(),
            ServiceClass = context.Request.Headers[WorkerHeaders.ServiceClass].ToString(),
        });
        if (Failures.TryDequeue(out var status))
        {
            context.Response.StatusCode = status;
            return;
        }

        if (Answers.TryGetValue(path, out var known))
        {
            context.Response.ContentType = "application/json";
            await context.Response.WriteAsync(known);
            return;
        }

        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        await (parts switch
        {
            ["internal", "organizations", var id, "wallet"] when context.Request.Method == "PUT" =>
                Open(context, Guid.Parse(id), body.ToArray()),
            ["internal", "organizations", var id, "wallet"] when Wallets.ContainsKey(Guid.Parse(id)) =>
                WriteAsync(context, new WalletState(4.999912m, 0.5m, DateTimeOffset.UnixEpoch.AddYears(56))),
            ["internal", "organizations", var id, "wallet", "closing"] when Wallets.ContainsKey(Guid.Parse(id)) =>
                WriteAsync(context, new WalletState(4.25m, 0, DateTimeOffset.UnixEpoch.AddYears(56))),
            ["internal", "organizations", _, "ledger", "pages"] => WriteAsync(context, new LedgerPage(Statement, null)),
            ["internal", "organizations", _, "ledger"] => WriteAsync(context, Statement),
            ["internal", "organizations", _, "usage"] or ["internal", "organizations", _, "usage", "buckets"] or ["internal", "usage"] =>
                WriteAsync(context, new UsageReport(DateTimeOffset.UnixEpoch.AddYears(56), Usage)),
            ["internal", "organizations", _, "checkouts"] =>
                WriteAsync(context, new CheckoutStarted("https://checkout.stripe.com/c/pay/cs_test_1")),
            ["internal", "organizations", _, "checkouts", _] => WriteAsync(context, Checkout),
            ["admin", "jobs", .. var more] => ShowJobsAsync(context, more),
            ["internal", "books"] => WriteAsync(context, Books),
            ["internal", "rejected-usage"] => WriteAsync(context, Rejected),
            ["internal", "rejected-usage", _, _, _] => Status(context, 204),
            ["internal", "welcome-credits"] => WriteAsync(context, WelcomeCredits),
            ["internal", "prices", "check"] or ["internal", "prices"] when context.Request.Method == "POST" =>
                PriceFaults.Count == 0 ? Status(context, 204) : TypedResults.ValidationProblem(PriceFaults).ExecuteAsync(context),
            ["internal", "prices", _] => Status(context, 204),
            ["internal", "prices"] => WriteAsync(context, new PriceSnapshot(Prices)),
            ["internal", "fleet"] => WriteAsync(context, Fleet),
            ["internal", "stripe", "webhook"] => Status(context, WebhookStatus),
            _ => Status(context, 404),
        });
    }

    private Task Open(HttpContext context, Guid organizationId, byte[] body)
    {
        Wallets[organizationId] = JsonSerializer.Deserialize(body, ContractsJson.Default.OpenWallet)!;
        return Status(context, 204);
    }

    /// <summary>As Hangfire's dashboard: the token of the request in a page, 204 for a POST, 404 for an unknown path.</summary>
    private static Task ShowJobsAsync(HttpContext context, string[] path)
    {
        context.Response.Headers.SetCookie = "billing=1";
        if (context.Request.Method == "POST" || path is ["unknown"])
        {
            return Status(context, path is ["unknown"] ? 404 : 204);
        }

        context.Response.ContentType = "text/html; charset=utf-8";
        return context.Response.WriteAsync($"<meta name=\"csrf-token\" content=\"{context.Request.Headers["RequestVerificationToken"]}\">");
    }

    private static Task Status(HttpContext context, int status)
    {
        context.Response.StatusCode = status;
        return Task.CompletedTask;
    }

    private static Task WriteAsync<T>(HttpContext context, T value)
    {
        context.Response.ContentType = "application/json";
        return context.Response.Body.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(value, typeof(T), ContractsJson.Default)).AsTask();
    }
}

/// <summary>A request that came.</summary>
internal sealed record Received(string Method, string PathAndQuery, string Authorization, string StripeSignature, byte[] Body)
{
    public string Cookies { get; init; } = "";

    public string IdempotencyKey { get; init; } = "";

    /// <summary>The key on whose behalf the gateway is called.</summary>
    public string KeyPublicId { get; init; } = "";

    public string ServiceClass { get; init; } = "";
}
