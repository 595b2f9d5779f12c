using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Npgsql;
using Tollgate.ServiceDefaults.Data;
using Tollgate.ServiceDefaults.Work;

namespace Tollgate.Billing.Restores;

/// <summary>
/// Notices that Postgres was restored from a backup: the cluster or timeline differs from the one in the schema, or the database lacks a
/// beat that this process or a gateway knows to be committed (a copied data folder, started without recovery). The books then lack leases,
/// so it seals every wallet behind a new epoch until all gateways have shipped again and acknowledged that epoch. Thread-safe.
/// </summary>
/// <remarks>
/// Code that moves money opens its connections here. A connection never outlives its server, so nothing is leased, booked or returned in a
/// restored database before its wallets are sealed. A crash loses no committed beat, so it is never taken for a restore.
/// </remarks>
internal sealed partial class RestoreWatch(NpgsqlDataSource dataSource, TimeProvider clock, ILogger<RestoreWatch> logger)
    : RecurringWork(new Rhythm(TimeSpan.FromSeconds(1)), clock, logger)
{
    /// <summary>Beats that gateways sent, by database and process.</summary>
    private readonly ConcurrentDictionary<(string Database, Guid Process), Heard> _heard = new();

    private readonly Guid _process = Guid.NewGuid();
    private long _seen;

    /// <summary>The newest committed beat of this process; null before the first.</summary>
    public DatabaseBeat? Newest { get; private set; }

    /// <summary>Takes a beat that a gateway knows to be committed. The next use of the database checks it.</summary>
    public void Hear(DatabaseBeat beat)
    {
        if (beat.Process != _process)
        {
            _heard.AddOrUpdate(
                (beat.Database, beat.Process),
                static (_, number) => new Heard(number, IsFound: false),
                static (_, heard, number) => number > heard.Beat ? new Heard(number, IsFound: false) : heard,
                beat.Beat);
        }
    }

    /// <summary>Opens a connection. Seals the wallets first if the database was restored.</summary>
    public async Task<NpgsqlConnection> OpenAsync(OrganizationScope scope, CancellationToken cancellationToken)
    {
        var connection = await dataSource.OpenAsync(scope, cancellationToken);
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

    /// <summary>
    /// Seals all wallets if the database was restored and no instance has noticed it yet. Call it outside of a transaction.
    /// </summary>
    /// <returns>
    /// Identity of the database, as gateways keep it in their journals: cluster, timeline and a generation that changes with every noticed
    /// restore; such as <c>7445012345678901234/00000001/0193…</c>.
    /// </returns>
    /// <exception cref="InvalidOperationException">The schema is not migrated.</exception>
    public async Task<string> RecognizeAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var (known, identity) = await ReadAsync(connection, cancellationToken);
        if (known)
        {
            return identity;
        }

        await SealAsync(connection, cancellationToken);
        return (await ReadAsync(connection, cancellationToken)).Identity;
    }

    /// <summary>Writes one beat.</summary>
    public override async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        await using var connection = await OpenAsync(OrganizationScope.None, cancellationToken);
        var rows = await connection.ReadRowsAsync(
            $"""
            insert into beats (process, beat) values ($1, 1)
            on conflict (process) do update set beat = beats.beat + 1, beaten_at = now()
            returning beat, (select {IdentitySql} from database_identity)
            """,
            row => new DatabaseBeat(row.GetString(1), _process, row.GetInt64(0)),
            cancellationToken,
            _process);
        Newest = rows.Single();
        Saw(Newest.Beat);
    }

    private const string IdentitySql = "cluster_identity() || '/' || replace(generation::text, '-', '')";

    private async Task<(bool Known, string Identity)> ReadAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var shown = _heard.Where(heard => !heard.Value.IsFound).ToArray();
        var rows = await connection.ReadRowsAsync(
            $"""
            select cluster = cluster_identity()
              and coalesce((select beat from beats where process = $1), 0) >= $2
              and not exists (
                select from unnest($3::text[], $4::uuid[], $5::bigint[]) as shown (database, process, beat)
                left join beats using (process)
                where shown.database = {IdentitySql} and coalesce(beats.beat, 0) < shown.beat),
              {IdentitySql}
            from database_identity
            """,
            row => (row.GetBoolean(0), row.GetString(1)),
            cancellationToken,
            _process,
            Interlocked.Read(ref _seen),
            shown.Select(heard => heard.Key.Database).ToArray(),
            shown.Select(heard => heard.Key.Process).ToArray(),
            shown.Select(heard => heard.Value.Beat).ToArray());
        var found = rows is [var row]
            ? row
            : throw new InvalidOperationException("The schema is not migrated: database_identity is empty.");
        if (found.Item1)
        {
            Forget(shown, found.Item2);
        }

        return found;
    }

    /// <summary>
    /// Marks the beats that the database has, so they are not checked again. Drops those of databases that no longer exist.
    /// </summary>
    private void Forget(KeyValuePair<(string Database, Guid Process), Heard>[] shown, string database)
    {
        foreach (var (key, heard) in shown)
        {
            if (key.Database == database)
            {
                _heard.TryUpdate(key, heard with { IsFound = true }, heard);
            }
            else
            {
                _heard.TryRemove(KeyValuePair.Create(key, heard));
            }
        }
    }

    private async Task SealAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var now = Clock.GetUtcNow();
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await OrganizationScope.All.ApplyToTransactionAsync(connection, cancellationToken); // Also for a caller who sees one wallet.
        await connection.ExecuteAsync("select from database_identity for update", cancellationToken);

        // Reads in a separate statement, because the one that waited for the lock misses its holder's writes to other tables.
        if ((await ReadAsync(connection, cancellationToken)).Known)
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
        await connection.ExecuteAsync(
            """
            update database_identity
            set cluster = cluster_identity(), generation = $1, noticed_at = now()
            """,
            cancellationToken,
            Guid.CreateVersion7(now));
        var beat = Interlocked.Read(ref _seen) + 1;
        await connection.ExecuteAsync(
            """
            insert into beats (process, beat) values ($1, $2) on conflict (process) do update set beat = excluded.beat, beaten_at = now()
            """,
            cancellationToken,
            _process, beat);

        // Logs before the commit: if the commit's reply is lost, the next check finds a known database and logs nothing. A repeated alarm
        // is better than none.
        LogSealed(logger, wallets);
        await transaction.CommitAsync(cancellationToken);
        Saw(beat);
    }

    /// <summary>Remembers a committed beat.</summary>
    private void Saw(long beat)
    {
        for (var seen = Interlocked.Read(ref _seen); beat > seen; seen = Interlocked.Read(ref _seen))
        {
            Interlocked.CompareExchange(ref _seen, beat, seen);
        }
    }

    /// <summary>A beat that a gateway sent.</summary>
    /// <param name="IsFound">Whether the database was found to have it.</param>
    private sealed record Heard(long Beat, bool IsFound);

    [LoggerMessage(11, LogLevel.Critical, "Postgres was restored: {Wallets} wallets are sealed until all gateways have shipped again.")]
    private static partial void LogSealed(ILogger logger, int wallets);
}
