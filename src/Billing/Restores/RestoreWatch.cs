using Microsoft.Extensions.Logging;
using Npgsql;
using Tollgate.Billing.Work;

namespace Tollgate.Billing.Restores;

/// <summary>
/// Notices that Postgres was restored from a backup: it is another cluster or timeline than the schema remembers, or it has forgotten a
/// beat that this process saw committed (a copied data folder, started without recovery). Then leases are missing from the books, so
/// every wallet is sealed behind a new epoch until all gateways have shipped again and acknowledged it. Thread-safe.
/// </summary>
/// <remarks>
/// Whatever moves money opens its connection here: a connection never outlives the server it was opened to, so nothing is leased, booked or
/// returned in a restored database before its wallets are sealed. A crash forgets no committed beat, so it is never taken for a restore.
/// </remarks>
internal sealed partial class RestoreWatch(NpgsqlDataSource dataSource, TimeProvider clock, ILogger<RestoreWatch> logger)
    : RecurringWork(TimeSpan.FromSeconds(1), clock, logger)
{
    private readonly TimeProvider _clock = clock;
    private long _seen;

    /// <summary>A connection to a database whose wallets are sealed if it was restored.</summary>
    public async Task<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken)
    {
        var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        try
        {
            await RecognizeAsync(connection, cancellationToken);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>Seals all wallets if the database was restored and nobody has noticed yet. Call it outside of a transaction.</summary>
    /// <returns>Which database this is, as gateways keep it in their journals: cluster, timeline, and the generation that changes with every
    /// restore that was noticed; such as <c>7445012345678901234/00000001/0193…</c>.</returns>
    /// <exception cref="InvalidOperationException">The schema is not migrated.</exception>
    public async Task<string> RecognizeAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var (known, identity) = await ReadAsync(connection, "", cancellationToken);
        if (known)
        {
            return identity;
        }

        await SealAsync(connection, cancellationToken);
        return (await ReadAsync(connection, "", cancellationToken)).Identity;
    }

    /// <summary>One beat.</summary>
    public override async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        await using var connection = await OpenAsync(cancellationToken);
        Saw(await connection.ReadValueAsync<long>(
            "update database_identity set beat = beat + 1 returning beat", cancellationToken));
    }

    private async Task<(bool Known, string Identity)> ReadAsync(
        NpgsqlConnection connection, string locking, CancellationToken cancellationToken)
    {
        var rows = await connection.ReadRowsAsync(
            $"""
            select cluster = cluster_identity() and beat >= $1, cluster_identity() || '/' || replace(generation::text, '-', '')
            from database_identity {locking}
            """,
            row => (row.GetBoolean(0), row.GetString(1)),
            cancellationToken,
            Interlocked.Read(ref _seen));
        return rows is [var row] ? row : throw new InvalidOperationException("The schema is not migrated: database_identity is empty.");
    }

    private async Task SealAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var now = _clock.GetUtcNow();
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        if ((await ReadAsync(connection, "for update", cancellationToken)).Known)
        {
            return; // Another caller was first.
        }

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
        var beat = await connection.ReadValueAsync<long>(
            """
            update database_identity
            set cluster = cluster_identity(), generation = $1, noticed_at = now(), beat = greatest(beat, $2) + 1
            returning beat
            """,
            cancellationToken,
            Guid.CreateVersion7(now), Interlocked.Read(ref _seen));
        await transaction.CommitAsync(cancellationToken);
        Saw(beat);
        LogSealed(logger, wallets);
    }

    /// <summary>Remembers a committed beat.</summary>
    private void Saw(long beat)
    {
        for (var seen = Interlocked.Read(ref _seen); beat > seen; seen = Interlocked.Read(ref _seen))
        {
            Interlocked.CompareExchange(ref _seen, beat, seen);
        }
    }

    [LoggerMessage(11, LogLevel.Critical, "Postgres was restored: {Wallets} wallets are sealed until all gateways have shipped again.")]
    private static partial void LogSealed(ILogger logger, int wallets);
}
