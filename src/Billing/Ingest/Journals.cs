using Npgsql;
using Tollgate.Billing.Restores;
using Tollgate.Contracts.Usage;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Billing.Ingest;

/// <summary>
/// Registers, retires and lists journals. A registered journal must acknowledge every fence, even while its gateway is down.
/// </summary>
internal sealed class Journals(NpgsqlDataSource dataSource, RestoreWatch restores, TimeProvider clock)
{
    /// <summary>
    /// Registers a journal and reactivates a retired or deregistered one. Returns null when a newer boot has registered.
    /// </summary>
    public async Task<JournalRegistered?> RegisterAsync(RegisterJournal journal, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        var database = await restores.RecognizeAsync(connection, cancellationToken);
        var cursor = await connection.ReadValueAsync<object>(
            """
            insert into journals as j (id, boot, gateway_id) values ($1, $2, $3)
            on conflict (id) do update set
              boot = excluded.boot, gateway_id = excluded.gateway_id, last_seen = now(), deregistered_at = null, retired_at = null,
              witnessed_at = null
            where j.boot <= excluded.boot
            returning cursor
            """,
            cancellationToken,
            journal.JournalId, journal.Boot, journal.GatewayId);
        return cursor is long position ? new JournalRegistered(position, database) : null;
    }

    /// <summary>
    /// Deregisters a journal after a clean stop, when all is shipped and nothing runs. Does nothing unless <paramref name="boot"/> is the
    /// registered boot.
    /// </summary>
    public async Task DeregisterAsync(Guid journalId, long boot, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(
            "update journals set deregistered_at = now() where id = $1 and boot = $2 and deregistered_at is null", cancellationToken,
            journalId, boot);
    }

    /// <summary>
    /// Retires a journal that the operator declares lost; fences no longer wait for it. Its requests may hold money in any open till, so
    /// every wallet with an open epoch gets a new one. The workers' logs supply the usage of its requests; the older epochs' money returns
    /// after that.
    /// </summary>
    /// <returns>False when there is no such journal.</returns>
    public async Task<bool> RetireAsync(Guid journalId, CancellationToken cancellationToken)
    {
        await using var connection = await restores.OpenAsync(OrganizationScope.All, cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var retired = await connection.ExecuteAsync(
            "update journals set retired_at = now(), witnessed_at = null where id = $1 and retired_at is null",
            cancellationToken,
            journalId);
        if (retired == 0)
        {
            return await connection.ReadValueAsync<bool>(
                "select exists (select from journals where id = $1)", cancellationToken, journalId);
        }

        await connection.ExecuteAsync(
            """
            select from wallets w
            where exists (select from lease_epochs e where e.organization_id = w.organization_id and e.closed_at is null)
            order by w.organization_id for update
            """,
            cancellationToken);
        await connection.ExecuteAsync(
            """
            with opened as (
              update wallets w set epoch = greatest(epoch + 1, $1), fence_epoch = greatest(epoch + 1, $1)
              where exists (select from lease_epochs e where e.organization_id = w.organization_id and e.closed_at is null)
              returning organization_id, epoch
            )
            insert into lease_epochs (organization_id, epoch) select organization_id, epoch from opened
            """,
            cancellationToken,
            clock.GetUtcNow().ToUnixTimeMilliseconds());
        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    public async Task<IReadOnlyList<JournalState>> ListAsync(CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenForAllAsync(cancellationToken);
        return await connection.ReadRowsAsync(
            """
            select j.id, j.boot, j.gateway_id, j.cursor, j.last_seen, j.deregistered_at is not null, j.retired_at is not null,
              (select count(*) from wallets w where w.fence_epoch is not null and j.deregistered_at is null and j.retired_at is null
                and coalesce((select f.epoch from journal_fences f where f.organization_id = w.organization_id and f.journal_id = j.id), 0)
                  < w.fence_epoch)
            from journals j order by j.registered_at
            """,
            row => new JournalState(
                row.GetGuid(0), row.GetInt64(1), row.GetString(2), row.GetInt64(3), row.GetFieldValue<DateTimeOffset>(4),
                row.GetBoolean(5),
                row.GetBoolean(6), row.GetInt64(7)),
            cancellationToken);
    }
}
