using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Database;
using Tollgate.Contracts.Keys;

namespace Tollgate.Accounts.Keys;

/// <summary>Books gateways' reports of key use, and reads them for pages.</summary>
internal sealed class KeyUseBook(AccountsDb db, TimeProvider clock)
{
    private static readonly TimeSpan BootsKept = TimeSpan.FromDays(30);

    /// <summary>
    /// Takes a batch in one transaction. A batch that was already taken changes nothing. Ignores unknown keys and rotations.
    /// </summary>
    public async Task TakeAsync(KeyUseBatch batch, CancellationToken cancellationToken)
    {
        using var all = db.ForAll(); // A batch has the keys of many organizations.
        var now = clock.GetUtcNow();
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var isNew = await db.Database.ExecuteSqlAsync(
            $"""
            insert into accounts.key_use_batches (boot, sequence, taken_at) values ({batch.Boot}, {batch.Sequence}, {now})
            on conflict (boot) do update set sequence = excluded.sequence, taken_at = excluded.taken_at
            where key_use_batches.sequence < excluded.sequence
            """,
            cancellationToken) > 0;
        if (!isNew)
        {
            return;
        }

        await BookLastUsesAsync(batch.Uses, cancellationToken);
        await BookOldSecretsAsync([.. batch.Uses.Where(u => u.OverlapEndsAt is not null)], cancellationToken);
        if (batch.Sequence == 1)
        {
            var gone = now - BootsKept;
            await db.Database.ExecuteSqlAsync($"delete from accounts.key_use_batches where taken_at < {gone}", cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
    }

    public Task<Dictionary<Guid, DateTimeOffset>> LastUsesAsync(Guid organizationId, CancellationToken cancellationToken) =>
        (from use in db.KeyLastUses
         join key in db.ApiKeys on use.KeyId equals key.Id
         where key.OrganizationId == organizationId
         select use).AsNoTracking().ToDictionaryAsync(u => u.KeyId, u => u.LastUsedAt, cancellationToken);

    /// <summary>The key's last rotation; null when it was never rotated.</summary>
    public Task<KeyRotation?> LastRotationAsync(Guid organizationId, Guid keyId, CancellationToken cancellationToken) =>
        (from rotation in db.KeyRotations
         join key in db.ApiKeys on rotation.KeyId equals key.Id
         where key.OrganizationId == organizationId && key.Id == keyId
         orderby rotation.RotatedAt descending
         select rotation).AsNoTracking().FirstOrDefaultAsync(cancellationToken);

    /// <summary>Locks rows in key order, so that the batches of two gateways cannot deadlock.</summary>
    private Task<int> BookLastUsesAsync(IReadOnlyList<KeyUse> uses, CancellationToken cancellationToken)
    {
        var (keys, times) = (uses.Select(u => u.KeyId).ToArray(), uses.Select(u => u.LastAt.ToUniversalTime()).ToArray());
        return db.Database.ExecuteSqlAsync(
            $"""
            insert into accounts.key_uses (key_id, last_used_at)
            select used.key_id, max(used.at) from unnest({keys}, {times}) as used (key_id, at)
            join accounts.api_keys on api_keys.id = used.key_id
            group by used.key_id order by used.key_id
            on conflict (key_id) do update set last_used_at = greatest(key_uses.last_used_at, excluded.last_used_at)
            """,
            cancellationToken);
    }

    /// <summary>
    /// Needs no lock order: <see cref="BookLastUsesAsync"/> has locked the rows of these keys, so another batch of them waits there.
    /// </summary>
    private async Task BookOldSecretsAsync(IReadOnlyList<KeyUse> uses, CancellationToken cancellationToken)
    {
        if (uses.Count == 0)
        {
            return;
        }

        var (keys, ends) = (uses.Select(u => u.KeyId).ToArray(), uses.Select(u => u.OverlapEndsAt!.Value.ToUniversalTime()).ToArray());
        var (calls, times) = (uses.Select(u => u.Calls).ToArray(), uses.Select(u => u.LastAt.ToUniversalTime()).ToArray());
        await db.Database.ExecuteSqlAsync(
            $"""
            update accounts.key_rotations set
              old_secret_calls = old_secret_calls + used.calls,
              old_secret_used_at = greatest(old_secret_used_at, used.at)
            from unnest({keys}, {ends}, {calls}, {times}) as used (key_id, ends_at, calls, at)
            where key_rotations.key_id = used.key_id and key_rotations.overlap_ends_at = used.ends_at
            """,
            cancellationToken);
    }
}
