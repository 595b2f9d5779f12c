using Npgsql;
using Tollgate.Accounts.Catalogue;
using Tollgate.Accounts.Fleet;
using Tollgate.Accounts.Money;
using Tollgate.Contracts.Workers;
using Tollgate.ServiceDefaults.Work;

namespace Tollgate.Accounts.ModelVersions;

/// <summary>
/// Finds plans whose versions have all left the workers, and lets the newest version that there is stand in, so that a removed folder does
/// not leave its model unserved. A worker that is away may come back with a version, so it counts for some minutes; a running canary
/// decides by itself. Every instance looks; all of them come to the same.
/// </summary>
internal sealed partial class StandInWatch(
    IServiceScopeFactory scopes, StandIns standIns, CatalogueRefresher refresher, TimeProvider clock, ILogger<StandInWatch> logger)
    : RecurringWork(new Rhythm(TimeSpan.FromSeconds(2)), clock, logger)
{
    /// <summary>How long a version is missed before another one stands in: it may be on its way back.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>How long what a worker stated last counts after it stopped or fell silent.</summary>
    public static readonly TimeSpan ComesBack = TimeSpan.FromMinutes(5);

    private static readonly Figure<Contracts.Catalogue.Fleet> NoGateway = new(null, IsFresh: false, null);

    private readonly Dictionary<string, long> _missingSince = new(StringComparer.Ordinal);

    protected override string Failure => "Versions that stand in cannot be found";

    public override async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var services = scope.ServiceProvider;
        var plans = (await services.GetRequiredService<PlanBook>().ListAsync(cancellationToken))
            .Where(plan => plan is { Unloaded: false, CanaryId: null, Versions.Count: > 0 }).ToList();
        var entries = await services.GetRequiredService<WorkerRegister>().ListAsync(cancellationToken);
        var workers = FleetView.Merge(entries, NoGateway, Clock.GetUtcNow());
        if (plans.Any(plan => IsMissing(plan, workers)))
        {
            // The gateway knows workers that do not register themselves.
            (var gateway, workers) = await services.GetRequiredService<FleetView>().ReadAsync(cancellationToken);
            if (!gateway.IsFresh)
            {
                return;
            }
        }

        if (Choose(plans, workers) is { } chosen && standIns.Set(chosen))
        {
            await refresher.RefreshAsync(cancellationToken);
        }
    }

    /// <summary>The versions that stand in, by model; null while a worker still reads its repository, and nothing can be known.</summary>
    /// <param name="plans">Those that can need one.</param>
    internal IReadOnlyDictionary<string, string>? Choose(
        IReadOnlyList<ModelPlanEntry> plans, IReadOnlyList<WorkerLine> workers)
    {
        if (workers.Any(worker => !IsAway(worker) && worker.Status is { IsReading: true }))
        {
            return null;
        }

        var missing = plans.Where(plan => IsMissing(plan, workers)).Select(plan => plan.Model).ToHashSet(StringComparer.Ordinal);
        foreach (var model in _missingSince.Keys.Except(missing).ToList())
        {
            _missingSince.Remove(model);
        }

        var installed = new InstalledModels(workers);
        var chosen = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var model in missing)
        {
            _missingSince.TryAdd(model, Clock.GetTimestamp());
            var newest = installed.VersionsOf(model).FirstOrDefault(
                version => version.Places.Any(place => place.State != ModelState.Broken));
            if (newest is not null && Clock.GetElapsedTime(_missingSince[model]) >= Patience)
            {
                chosen[model] = newest.Version;
                if (standIns.Of(model) != newest.Version)
                {
                    LogStandsIn(logger, model, newest.Version);
                }
            }
        }

        return chosen;
    }

    protected override bool TryLogExpected(Exception exception, string reason)
    {
        if (exception is not (NpgsqlException or InvalidOperationException or TimeoutException))
        {
            return false;
        }

        LogUnread(logger, reason);
        return true;
    }

    private static bool IsAway(WorkerLine worker) => worker.State is WorkerState.Stopped or WorkerState.Silent;

    /// <summary>Whether no worker has any version of a plan.</summary>
    private bool IsMissing(ModelPlanEntry plan, IReadOnlyList<WorkerLine> workers) => !workers
        .Where(worker => !IsAway(worker) || Clock.GetUtcNow() - worker.Since < ComesBack)
        .SelectMany(worker => worker.Status?.Models ?? [])
        .Any(served => served.Card.Name == plan.Model && plan.Versions.Any(one => one.Version == served.Card.Version));

    [LoggerMessage(1, LogLevel.Warning, "No worker has a version of the plan of {Model}; version {Version} stands in.")]
    private static partial void LogStandsIn(ILogger logger, string model, string version);

    [LoggerMessage(2, LogLevel.Warning, "Versions that stand in stay as they are. {Reason}")]
    private static partial void LogUnread(ILogger logger, string reason);
}
