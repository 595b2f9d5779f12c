using Microsoft.Extensions.Logging;
using Npgsql;
using Tollgate.Billing.Jobs;
using Tollgate.Billing.Work;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Billing.Reconciliation;

/// <summary>
/// Recomputes the books from their rows: R1 tills against bills, R3 rollups against usage, R4 each ledger transaction, R5 balances,
/// wallets and leases. Records each run. Logs a difference as an alarm for a person and repairs nothing.
/// </summary>
internal sealed partial class BookReconciliation(NpgsqlDataSource dataSource, TimeProvider clock, ILogger<BookReconciliation> logger)
    : IScheduledJob
{
    private static readonly TimeSpan LooksBack = TimeSpan.FromHours(26);
    private static readonly (string Name, string Sql)[] Checks =
    [
        ("R1", EmbeddedSql.Read("Reconciliation.R1.sql")),
        ("R3", EmbeddedSql.Read("Reconciliation.R3.sql")),
        ("R4", EmbeddedSql.Read("Reconciliation.R4.sql")),
        ("R5", EmbeddedSql.Read("Reconciliation.R5.sql")),
    ];

    public async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAllAsync(cancellationToken);
        foreach (var (name, sql) in Checks)
        {
            await CheckAsync(connection, name, sql, cancellationToken);
        }
    }

    private async Task CheckAsync(NpgsqlConnection connection, string name, string sql, CancellationToken cancellationToken)
    {
        var started = clock.GetUtcNow();
        var upto = new DateTimeOffset(started.Year, started.Month, started.Day, started.Hour, 0, 0, TimeSpan.Zero).AddHours(1);
        // One statement reads one snapshot, so a concurrent booking is in all sums or in none.
        var (looked, differ, first) = (await connection.ReadRowsAsync(
            sql,
            row => (row.GetInt64(0), row.GetInt64(1), row.IsDBNull(2) ? null : row.GetString(2)),
            cancellationToken,
            upto - LooksBack, upto)).Single();
        await connection.ExecuteAsync(
            """
            insert into reconciliation_runs (id, name, started_at, finished_at, checked, differences, detail) values ($1, $2, $3, $4,
              $5, $6, $7)
            """,
            cancellationToken,
            Guid.CreateVersion7(started), name, started, clock.GetUtcNow(), looked, differ, first);
        if (differ > 0)
        {
            LogDifference(logger, name, differ, looked, first);
        }
    }

    [LoggerMessage(11, LogLevel.Critical, "{Check} found {Differences} differences in {Checked}; the first is {First}.")]
    private static partial void LogDifference(ILogger logger, string check, long differences, long @checked, string? first);
}
