using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Tollgate.Billing.Work;
using Tollgate.ServiceDefaults.Data;
using Tollgate.ServiceDefaults.Work;

namespace Tollgate.Billing.Witness;

/// <summary>
/// R2: compares what workers generated with what was billed. Differences stay in <c>reconciliation_differences</c> until a person or the
/// missing record resolves them. Each wide run is a row in <c>reconciliation_runs</c>.
/// </summary>
internal sealed partial class WitnessReconciliation(
    NpgsqlDataSource dataSource, Witnesses witnesses, WorkerLogs logs, OrphanBooking orphans, IOptions<WitnessOptions> options,
    TimeProvider clock, ILogger<WitnessReconciliation> logger)
    : RecurringWork(new Rhythm(options.Value.Every), clock, logger)
{
    private const int MostAtOnce = 20_000;
    private static readonly TimeSpan WideEvery = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan LooksBack = TimeSpan.FromHours(26);
    private static readonly TimeSpan Settles = TimeSpan.FromMinutes(1); // The clocks of a worker and of Postgres may differ by seconds.
    private static readonly string CompareSql = EmbeddedSql.Read("Witness.Compare.sql");
    private static readonly string UnwitnessedSql = EmbeddedSql.Read("Witness.Unwitnessed.sql");
    private static readonly string ResolveSql = EmbeddedSql.Read("Witness.Resolve.sql");
    private long? _lastWide;
    private long _checked;
    private long _found;

    public override async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        if (!witnesses.HasAny)
        {
            return;
        }

        var isWide = _lastWide is not { } last || Clock.GetElapsedTime(last) >= WideEvery;
        await RunAsync(isWide, cancellationToken);
        if (isWide)
        {
            _lastWide = Clock.GetTimestamp();
        }
    }

    /// <summary>Reads the logs, books orphans and compares.</summary>
    /// <param name="isWide">Also looks for billed requests that no worker's log contains, deletes old entries and records the run.</param>
    public async Task RunAsync(bool isWide, CancellationToken cancellationToken)
    {
        var started = Clock.GetUtcNow();
        var readAll = await logs.ReadAllAsync(cancellationToken);
        while (await orphans.BookAsync(cancellationToken) > 0)
        {
        }

        await using var connection = await dataSource.OpenForAllAsync(cancellationToken);
        while (await CountAsync(connection, CompareSql, cancellationToken, started - options.Value.Patience, MostAtOnce) >= MostAtOnce / 2)
        {
        }

        if (isWide && readAll)
        {
            await CountAsync(connection, UnwitnessedSql, cancellationToken, started - LooksBack, started - Settles);
        }

        await connection.ExecuteAsync(ResolveSql, cancellationToken);
        if (isWide)
        {
            await connection.ExecuteAsync(
                "delete from witness_entries where read_at < $1 - interval '30 days' or (settled and read_at < $1 - interval '2 days')",
                cancellationToken, started);
            await WriteDownAsync(connection, started, readAll, cancellationToken);
        }
    }

    private async Task<long> CountAsync(
        NpgsqlConnection connection, string sql, CancellationToken cancellationToken, params object[] values)
    {
        var (looked, found) = (await connection.ReadRowsAsync(
            sql, row => (row.GetInt64(0), row.GetInt64(1)), cancellationToken, values)).Single();
        (_checked, _found) = (_checked + looked, _found + found);
        return looked;
    }

    private async Task WriteDownAsync(
        NpgsqlConnection connection, DateTimeOffset started, bool readAll, CancellationToken cancellationToken)
    {
        var (open, oldest) = (await connection.ReadRowsAsync(
            """
            select count(*), min(found_at || ' ' || owner || ' ' || kind || ' ' || organization_id || ' ' || request_id)
            from reconciliation_differences where name = 'R2' and resolved_at is null
            """,
            row => (row.GetInt64(0), row.IsDBNull(1) ? null : row.GetString(1)),
            cancellationToken)).Single();
        await connection.ExecuteAsync(
            """
            insert into reconciliation_runs (id, name, started_at, finished_at, checked, differences, detail) values ($1, 'R2', $2, $3,
              $4, $5, $6)
            """,
            cancellationToken,
            Guid.CreateVersion7(started), started, Clock.GetUtcNow(), _checked, open,
            readAll ? oldest : $"not all logs were read; {oldest}");
        if (_found > 0)
        {
            LogDifferences(logger, _found, open, oldest);
        }

        (_checked, _found) = (0, 0);
    }

    [LoggerMessage(11, LogLevel.Critical, "R2 found {New} new differences, {Open} are open; the oldest is {Oldest}.")]
    private static partial void LogDifferences(ILogger logger, long @new, long open, string? oldest);
}
