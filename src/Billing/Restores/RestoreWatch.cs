using Microsoft.Extensions.Logging;
using Npgsql;
using Tollgate.Billing.Work;

namespace Tollgate.Billing.Restores;

/// <summary>
/// Notices that Postgres was restored from a backup: it is another cluster or timeline than the schema remembers, or it has forgotten a
/// beat that this process saw committed (a copied data folder, started without recovery). Then leases are missing from the books, so
/// every wallet is sealed behind a new epoch until all gateways have shipped again and acknowledged it.
/// </summary>
/// <remarks>A crash forgets no committed beat, so it is never taken for a restore.</remarks>
internal sealed partial class RestoreWatch(NpgsqlDataSource dataSource, TimeProvider clock, ILogger<RestoreWatch> logger)
    : RecurringWork(TimeSpan.FromSeconds(1), clock, logger)
{
    private readonly TimeProvider _clock = clock;
    private long _seen;

    public override async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        var (same, beat) = (await connection.ReadRowsAsync(
            "update database_identity set beat = beat + 1 returning cluster = cluster_identity(), beat",
            row => (row.GetBoolean(0), row.GetInt64(1)),
            cancellationToken)).Single();
        if (!same || beat <= _seen)
        {
            await SealAsync(connection, cancellationToken);
        }

        _seen = beat;
    }

    private async Task SealAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var now = _clock.GetUtcNow();
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await connection.ExecuteAsync("select from wallets order by organization_id for update", cancellationToken);
        var wallets = await connection.ExecuteAsync(
            """
            with opened as (
              update wallets set epoch = greatest(epoch + 1, $1), fence_epoch = greatest(epoch + 1, $1), sealed_at = now()
              returning organization_id, epoch
            )
            insert into lease_epochs (organization_id, epoch) select organization_id, epoch from opened
            """,
            cancellationToken,
            now.ToUnixTimeMilliseconds());
        await connection.ExecuteAsync(
            "update database_identity set cluster = cluster_identity(), generation = $1, noticed_at = now()", cancellationToken,
            Guid.CreateVersion7(now));
        await transaction.CommitAsync(cancellationToken);
        LogSealed(logger, wallets);
    }

    [LoggerMessage(11, LogLevel.Critical, "Postgres was restored: {Wallets} wallets are sealed until all gateways have shipped again.")]
    private static partial void LogSealed(ILogger logger, int wallets);
}
