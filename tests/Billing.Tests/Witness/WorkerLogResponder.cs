using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Usage;
using Tollgate.Contracts.Workers;
using Tollgate.ServiceDefaults;
using Tollgate.ServiceDefaults.Hosting;
using Tollgate.ServiceDefaults.ServiceAuthentication;
using Tollgate.Testing;

namespace Tollgate.Billing.Tests.Witness;

/// <summary>Speaks a worker's half of the protocol over HTTP, with its authentication, for a log that a test writes.</summary>
internal sealed class WorkerLogResponder : IAsyncDisposable
{
    private const int PageSize = 3;
    private readonly List<WitnessEntry> _entries = [];
    private WebApplication _app = null!;

    public Guid LogId { get; set; } = Guid.NewGuid();

    public string Url => _app.Url(ListenerKind.Internal);

    public static async Task<WorkerLogResponder> StartAsync()
    {
        var responder = new WorkerLogResponder();
        var builder = PlatformHost.CreateBuilder(
            [
                "--Listen:Internal=http://127.0.0.1:0", TestBearers.Argument("inference"),
                "--Logging:LogLevel:Default=Warning",
            ],
            typeof(WorkerLogResponder).Assembly);
        builder.AddServiceDefaults();
        builder.Services.AddSingleton(responder);
        responder._app = builder.Build();
        responder._app.MapServiceDefaults();
        responder._app.MapInternal("/internal/witness", "billing").MapGet("", Read);
        await responder._app.StartAsync();
        return responder;
    }

    public void Add(UsageEvent usage, int attempt, Units units) => _entries.Add(new WitnessEntry(
        10 * (_entries.Count + 1), usage.RequestId, attempt, usage.OrganizationId, usage.Model, units, usage.FinishedAt));

    /// <summary>The disk was lost: another log, empty.</summary>
    public void LoseLog()
    {
        _entries.Clear();
        LogId = Guid.NewGuid();
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    internal static JsonHttpResult<WitnessPage> Read(WorkerLogResponder log, long after)
    {
        var entries = log._entries.Where(entry => entry.Position > after).Take(PageSize).ToList();
        return TypedResults.Json(
            new WitnessPage(log.LogId, entries, entries.Count > 0 ? entries[^1].Position : Math.Min(after, 10 * log._entries.Count)),
            ContractsJson.Default.WitnessPage);
    }
}
