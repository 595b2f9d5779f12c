using Microsoft.Extensions.Logging;
using Npgsql;
using Tollgate.Billing.Ingest;
using Tollgate.Billing.Restores;
using Tollgate.Billing.Work;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Usage;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Billing.Witness;

/// <summary>
/// Bills the requests of retired journals from the workers' logs, the only record left of them. If the gateway comes back, it corrects the
/// row (<c>Ingest/CorrectStage.sql</c>), so the request stays billed once. The logs contain neither project nor key; until a correction,
/// the row belongs to the organization alone.
/// </summary>
internal sealed partial class OrphanBooking(
    RestoreWatch restores, IngestLanes lanes, TimeProvider clock, ILogger<OrphanBooking> logger)
{
    private const int MostAtOnce = 1000;
    private const int FirstUnit = 4;
    private const int AfterUnits = FirstUnit + Units.Length;
    private static readonly string OrphansSql = EmbeddedSql.Read("Witness.Orphans.sql");

    /// <summary>Books the orphans that can be booked now. Returns the number of new rows.</summary>
    public async Task<int> BookAsync(CancellationToken cancellationToken)
    {
        var booked = 0;
        foreach (var journal in (await FindAsync(cancellationToken)).GroupBy(orphan => orphan.Journal, orphan => orphan.Usage))
        {
            var batch = await lanes.RunAsync(
                (connection, _) => BatchTransaction.BookEventsAsync(
                    connection, journal.Key, [.. journal], clock.GetUtcNow(), cancellationToken),
                cancellationToken);
            booked += batch.Answer.Inserted;
            LogBooked(logger, batch.Answer.Inserted, journal.Key, batch.LossUsd);
        }

        return booked;
    }

    private async Task<List<(Guid Journal, UsageEvent Usage)>> FindAsync(CancellationToken cancellationToken)
    {
        await using var connection = await restores.OpenAsync(OrganizationScope.All, cancellationToken);
        return await connection.ReadRowsAsync(OrphansSql, row => (row.GetGuid(AfterUnits + 4), Read(row)), cancellationToken, MostAtOnce);
    }

    private static UsageEvent Read(NpgsqlDataReader row) => new()
    {
        OrganizationId = row.GetGuid(0),
        RequestId = row.GetGuid(1),
        ProjectId = Guid.Empty, // A worker's log contains neither project nor key.
        KeyId = Guid.Empty,
        Attempt = row.GetInt32(2),
        Model = row.GetString(3),
        Endpoint = "unknown",
        Streamed = false,
        Units = ReadUnits(row),
        Delivered = 0, // Unknown; this is the minimum.
        Outcome = Outcome.GatewayDied,
        Source = UsageSource.Worker,
        AdmittedAt = row.GetFieldValue<DateTimeOffset>(AfterUnits),
        FinishedAt = row.GetFieldValue<DateTimeOffset>(AfterUnits + 1),
        PriceVersion = row.GetGuid(AfterUnits + 2),
        Epoch = row.GetInt64(AfterUnits + 3),
        ServiceClass = (ServiceClass)row.GetInt16(AfterUnits + 5),
    };

    private static Units ReadUnits(NpgsqlDataReader row)
    {
        var counts = default(UnitCounts);
        for (var i = 0; i < Units.Length; i++)
        {
            counts[i] = row.GetInt64(FirstUnit + i);
        }

        return Units.Of(counts);
    }

    [LoggerMessage(1, LogLevel.Warning,
        "{Count} requests of retired journal {JournalId} are billed by the worker's log; "
        + "{LossUsd} dollars of them were covered by no money.")]
    private static partial void LogBooked(ILogger logger, int count, Guid journalId, decimal lossUsd);
}
