using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Tollgate.Contracts.Catalogue;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Keys;
using Tollgate.Contracts.Money;
using Tollgate.Contracts.Usage;
using Tollgate.Contracts.Workers;
using Tollgate.ServiceDefaults.Snapshots;
using Tollgate.Testing;

namespace Tollgate.Gateway.Tests.Harness;

/// <summary>
/// Accounts' and Billing's internal endpoints as a gateway needs them: snapshots, money
/// without end, and a book in which every shipped usage event lands.
/// </summary>
internal sealed class ControlPlane : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<Guid, long> _granted = new();
    private readonly ConcurrentQueue<UsageEvent> _booked = new();

    private ControlPlane(WebApplication app) => _app = app;

    public SnapshotPublisher<PriceSnapshot> Prices { get; } = new(ContractsJson.Default.PriceSnapshot, TimeProvider.System);

    public SnapshotPublisher<CatalogueSnapshot> Catalogue { get; } = new(ContractsJson.Default.CatalogueSnapshot, TimeProvider.System);

    public SnapshotPublisher<WorkerDirectory> Workers { get; } = new(ContractsJson.Default.WorkerDirectory, TimeProvider.System);

    public AnswerShelf Answers { get; } = new();

    /// <summary>Reports of gateways that were taken, in order.</summary>
    public ConcurrentQueue<VersionReport> Measures { get; } = new();

    /// <summary>Requests to the organization's admin API, in order.</summary>
    public ConcurrentQueue<AdminRequest> AdminRequests { get; } = new();

    /// <summary>How Accounts answers them: sets status and headers, and returns the body.</summary>
    public Func<HttpResponse, string> AdminAnswer { get; set; } = _ => "{}";

    /// <summary>How long Billing takes to give a lease.</summary>
    public TimeSpan LeaseTime { get; set; }

    public string Url => _app.Urls.Single();

    public IReadOnlyCollection<UsageEvent> Booked => _booked;

    public static async Task<ControlPlane> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, ContractsJson.Default));
        var plane = new ControlPlane(builder.Build());
        plane.Map();
        await plane._app.StartAsync();
        return plane;
    }

    /// <summary>The one row of a request, once it was shipped.</summary>
    public Task<UsageEvent> WaitForUsageAsync(string publicRequestId)
    {
        var id = Guid.ParseExact(publicRequestId["req_".Length..], "N");
        return Until.ValueAsync(() => Task.FromResult(_booked.SingleOrDefault(row => row.RequestId == id)), $"usage of {publicRequestId}");
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private void Map()
    {
        _app.MapSnapshot("/internal/prices", Prices);
        _app.MapSnapshot("/internal/catalogue", Catalogue);
        _app.MapSnapshot("/internal/workers", Workers);
        _app.MapPost("/internal/keys/resolve", () => TypedResults.NotFound());
        _app.MapPost("/internal/keys/uses", (KeyUseBatch _) => TypedResults.NoContent());
        _app.MapPost("/internal/leases", async (LeaseRequest request) =>
        {
            if (request.OrganizationId == Guid.Empty)
            {
                return new Lease(LeaseOutcome.NoWallet, 0, 0, [], 0);
            }

            await Task.Delay(LeaseTime);
            return new Lease(LeaseOutcome.Granted, 1, Grant(request), [], 0);
        });
        _app.MapPost("/internal/journals", () => new JournalRegistered(0, "test"));
        _app.MapPost("/internal/usage", async (HttpRequest request) =>
        {
            using var body = new MemoryStream();
            await request.Body.CopyToAsync(body);
            var batch = UsageBatchFormat.Read(body.ToArray());
            foreach (var row in batch.Events)
            {
                _booked.Enqueue(row);
            }

            return new UsageBooked(batch.To, batch.Events.Count, 0, 0, [], "test");
        });
        _app.MapPost(VersionReport.Path, (VersionReport report) => Measures.Enqueue(report));
        _app.Map("/v1/organization/{**rest}", async (HttpContext context) =>
        {
            using var body = new StreamReader(context.Request.Body);
            AdminRequests.Enqueue(new AdminRequest(
                context.Request.Method, context.Request.Path + context.Request.QueryString.ToUriComponent(), await body.ReadToEndAsync(),
                context.Request.Headers.ToDictionary(
                    header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase)));
            var answer = AdminAnswer(context.Response);
            await context.Response.WriteAsync(answer);
        });
        Answers.Map(_app);
        _app.MapFallback(() => TypedResults.Ok());
    }

    private long Grant(LeaseRequest request) =>
        _granted.AddOrUpdate(request.OrganizationId, 1_000_000_000, (_, granted) => granted + 1_000_000_000 + request.NeedNanoUsd);
}

/// <summary>A request to the admin API as it reaches Accounts.</summary>
internal sealed record AdminRequest(string Method, string PathAndQuery, string Body, IReadOnlyDictionary<string, string> Headers);
