using Microsoft.Extensions.Logging;
using Npgsql;
using Tollgate.Billing.Ledger;
using Tollgate.Billing.Rejections;
using Tollgate.Billing.Telemetry;
using Tollgate.ServiceDefaults.Data;
using Tollgate.ServiceDefaults.Work;

namespace Tollgate.Billing.Reconciliation;

/// <summary>
/// Reads what the gauges of the books show. A scrape must not wait for the database. Every instance of Billing shows the same figures.
/// </summary>
internal sealed class BookGauges(NpgsqlDataSource dataSource, BillingMetrics metrics, TimeProvider clock, ILogger<BookGauges> logger)
    : RecurringWork(new Rhythm(TimeSpan.FromSeconds(15)), clock, logger)
{
    private const string Sql =
        $"""
        select (select count(*) from lease_epochs where closed_at is null),
          (select coalesce(sum(granted - billed - returned), 0) from lease_epochs where closed_at is null),
          (select count(*) from usage_rejected r where {RejectionDesk.Waits}),
          (select count(*) from checkouts where state = 'parked'),
          (select count(*) from journals
            where deregistered_at is null and retired_at is null and last_seen < now() - interval '1 minute')
        """;

    /// <summary>One step of the index for each check, because the table of runs only grows.</summary>
    private const string LastRunsSql =
        """
        select checks.name, run.differences
        from unnest(array['R1', 'R2', 'R3', 'R4', 'R5']) as checks (name)
        cross join lateral (
          select differences from reconciliation_runs where name = checks.name order by started_at desc limit 1) run
        """;

    private const string OpenSql =
        "select name, kind, count(*) from reconciliation_differences where resolved_at is null group by name, kind";

    public override async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAllAsync(cancellationToken);
        var last = await connection.ReadRowsAsync(LastRunsSql, row => (row.GetString(0), row.GetInt64(1)), cancellationToken);
        var open = await connection.ReadRowsAsync(
            OpenSql, row => (row.GetString(0), row.GetString(1), row.GetInt64(2)), cancellationToken);
        var figures = (await connection.ReadRowsAsync(
            Sql,
            row => new BookFigures(
                row.GetInt64(0), Dollars.ToNanoDown(row.GetDecimal(1)), row.GetInt64(2), row.GetInt64(3), row.GetInt64(4), last, open),
            cancellationToken)).Single();
        metrics.BooksSeen(figures);
    }
}
