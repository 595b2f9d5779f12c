using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tollgate.Billing.Restores;
using Tollgate.ServiceDefaults.Data;
using Tollgate.ServiceDefaults.Work;

namespace Tollgate.Billing.Witness;

/// <summary>
/// Bills a retired journal's lost usage before the money of its epochs returns. Waits until every other journal has acknowledged the
/// epochs that the retirement opened; then a request in a worker's log without a usage row was the retired journal's. Used by one loop.
/// </summary>
internal sealed partial class RetiredJournals(
    RestoreWatch restores, Witnesses witnesses, WorkerLogs logs, OrphanBooking orphans, IOptions<WitnessOptions> options,
    TimeProvider clock, ILogger<RetiredJournals> logger)
    : RecurringWork(new Rhythm(TimeSpan.FromSeconds(1)), clock, logger)
{
    private const string ReadySql =
        """
        select j.id from journals j
        where j.retired_at is not null and j.witnessed_at is null and not exists (
          select from lease_epochs e
          where e.closed_at is null and e.opened_at < j.retired_at and not fence_since_acknowledged(e.organization_id, j.retired_at))
        """;

    private const string WitnessedSql =
        "update journals set witnessed_at = now() where id = any ($1) and retired_at is not null and witnessed_at is null";

    private Dictionary<Guid, long> _readySince = [];
    private HashSet<Guid> _readOnce = [];

    public override async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        await using var connection = await restores.OpenAsync(OrganizationScope.All, cancellationToken);
        var ready = await connection.ReadRowsAsync(ReadySql, row => row.GetGuid(0), cancellationToken);
        _readySince = ready.ToDictionary(journal => journal, journal => _readySince.GetValueOrDefault(journal, Clock.GetTimestamp()));
        var overdue = ready.Where(journal => Clock.GetElapsedTime(_readySince[journal]) > options.Value.RetiredWait).ToArray();
        if (overdue.Length > 0)
        {
            LogOverdue(logger, overdue.Length, options.Value.RetiredWait);
            await connection.ExecuteAsync(WitnessedSql, cancellationToken, overdue);
        }
        else if (ready.Count > 0 && (!witnesses.HasAny || await ReadTwiceAsync(ready, cancellationToken)))
        {
            await connection.ExecuteAsync(WitnessedSql, cancellationToken, ready.ToArray());
        }
    }

    /// <summary>
    /// Returns true when this turn and the one before read all logs to their ends. A worker writes its line only after it notices that the
    /// lost gateway's connection is gone, so one reading may come too early.
    /// </summary>
    private async Task<bool> ReadTwiceAsync(List<Guid> ready, CancellationToken cancellationToken)
    {
        var before = _readOnce;
        _readOnce = [];
        if (!await logs.ReadAllAsync(cancellationToken))
        {
            return false;
        }

        while (await orphans.BookAsync(cancellationToken) > 0)
        {
        }

        _readOnce = [.. ready];
        return before.IsSupersetOf(ready);
    }

    [LoggerMessage(11, LogLevel.Error,
        "{Count} retired journals have waited {Wait} for the workers' logs: "
        + "their epochs' money returns, though not all they lost is billed.")]
    private static partial void LogOverdue(ILogger logger, int count, TimeSpan wait);
}
