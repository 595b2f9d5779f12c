using Microsoft.EntityFrameworkCore;
using Npgsql;
using Tollgate.Accounts.Database;
using Tollgate.Contracts.Catalogue;
using Tollgate.ServiceDefaults.Snapshots;
using Tollgate.ServiceDefaults.Work;

namespace Tollgate.Accounts.Catalogue;

/// <summary>
/// Reads the catalogue into the snapshot that gateways and workers follow: at start, after a change on this instance, and every two
/// seconds for changes on other instances.
/// </summary>
internal sealed partial class CatalogueRefresher(
    IServiceScopeFactory scopes, SnapshotPublisher<CatalogueSnapshot> publisher, StandIns standIns, TimeProvider clock,
    ILogger<CatalogueRefresher> logger)
    : RecurringWork(new Rhythm(TimeSpan.FromSeconds(2)), clock, logger)
{
    protected override string Failure => "The catalogue cannot be read";

    public override Task RunOnceAsync(CancellationToken cancellationToken) => RefreshAsync(cancellationToken);

    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<AccountsDb>();
        var aliases = await db.Aliases.AsNoTracking().OrderBy(a => a.Alias).ToListAsync(cancellationToken);
        var hidden = await db.HiddenModels.AsNoTracking().OrderBy(h => h.Model).Select(h => h.Model).ToListAsync(cancellationToken);
        var sorted = new SortedDictionary<string, string>(aliases.ToDictionary(a => a.Alias, a => a.Model), StringComparer.Ordinal);
        var plans = await db.ModelPlans.AsNoTracking().OrderBy(p => p.Model).ToListAsync(cancellationToken);
        publisher.Publish(new CatalogueSnapshot(sorted, hidden)
        {
            Plans =
            [
                .. plans.OrderBy(plan => plan.Model, StringComparer.Ordinal)
                    .Select(plan => plan.ToPlan() with { StandIn = standIns.Of(plan.Model) }),
            ],
        });
    }

    protected override bool TryLogExpected(Exception exception, string reason)
    {
        if (exception is not (NpgsqlException or InvalidOperationException or TimeoutException))
        {
            return false;
        }

        LogUnread(logger, exception.Message);
        return true;
    }

    [LoggerMessage(1, LogLevel.Warning, "The catalogue cannot be read; gateways and workers keep their copies. {Reason}")]
    private static partial void LogUnread(ILogger logger, string reason);
}
