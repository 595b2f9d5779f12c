using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Tollgate.Accounts.Audit;
using Tollgate.Accounts.Outbox;
using Tollgate.Contracts.Keys;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Accounts.Keys;

/// <summary>
/// Makes keys and ends them. A change commits together with its outbox message, then goes to Redis at once; the caller learns whether Redis
/// acknowledged it or the outbox still has it to do.
/// </summary>
internal sealed partial class KeyRegister(
    AccountsDb db, KeyPeppers peppers, IOptions<KeyOptions> options, RecordPublisher publisher, OutboxSignal signal, TimeProvider clock,
    ILogger<KeyRegister> logger)
{
    /// <summary>Keys that an organization may have at once, revoked ones left out.</summary>
    public int MostKeys => options.Value.MostPerOrganization;

    /// <summary>Keys on one page of the list.</summary>
    internal const int PageSize = 50;

    /// <summary>A page of an organization's keys, newest first.</summary>
    /// <param name="find">Part of a name, or the start of a key's text; null or empty for all.</param>
    /// <param name="after">The last key of the page before; null for the first page.</param>
    public async Task<KeyList> ListAsync(Guid organizationId, string? find, Guid? after, CancellationToken cancellationToken)
    {
        var name = find?.Trim() ?? "";
        var start = name.StartsWith(ApiKeyText.Prefix, StringComparison.Ordinal) ? name[ApiKeyText.Prefix.Length..] : name;
        start = start[..Math.Min(start.Length, ApiKeyText.PublicIdLength)];
        var keys = await db.ApiKeys.FromSql(
            $"""
            select * from accounts.api_keys
            where organization_id = {organizationId}
              and ({after}::uuid is null or (created_at, id) < (
                select created_at, id from accounts.api_keys where organization_id = {organizationId} and id = {after}::uuid))
              and ({name} = '' or strpos(lower(name), lower({name})) > 0 or starts_with(public_id, {start}))
            order by created_at desc, id desc limit {PageSize + 1}
            """).AsNoTracking().ToListAsync(cancellationToken);
        return keys.Count <= PageSize ? new KeyList(keys, null) : new KeyList(keys[..PageSize], keys[PageSize - 1].Id);
    }

    /// <summary>Those of some keys that the organization has.</summary>
    public Task<List<ApiKey>> FindAsync(Guid organizationId, IReadOnlyCollection<Guid> keyIds, CancellationToken cancellationToken) =>
        db.ApiKeys.AsNoTracking().Where(k => k.OrganizationId == organizationId && keyIds.Contains(k.Id)).ToListAsync(cancellationToken);

    public Task<ApiKey?> FindAsync(Guid organizationId, Guid keyId, CancellationToken cancellationToken) =>
        db.ApiKeys.AsNoTracking().SingleOrDefaultAsync(k => k.OrganizationId == organizationId && k.Id == keyId, cancellationToken);

    /// <summary>Whether Redis has not acknowledged the key's last change yet.</summary>
    public Task<bool> IsPendingAsync(Guid keyId, CancellationToken cancellationToken) =>
        db.Outbox.AnyAsync(m => m.Kind == OutboxKind.Key && m.SubjectId == keyId, cancellationToken);

    /// <summary>Makes a key. Its text is in the answer and nowhere else. Exactly one of the two is null.</summary>
    public async Task<(IssuedKey? Issued, KeyRefusal? Refusal)> CreateAsync(KeyOrder order, CancellationToken cancellationToken)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);

        // One at a time for each organization, so that two of them cannot both take the last place, nor one form make two keys.
        await db.Database.ExecuteSqlAsync(
            $"select 1 from accounts.organizations where id = {order.OrganizationId} for no key update", cancellationToken);
        if (await db.ApiKeys.AnyAsync(k => k.Id == order.KeyId, cancellationToken))
        {
            return (null, KeyRefusal.SentTwice);
        }

        if (await db.ApiKeys.CountAsync(
            k => k.OrganizationId == order.OrganizationId && k.State != KeyState.Revoked, cancellationToken) >= MostKeys)
        {
            return (null, KeyRefusal.TooMany);
        }

        var (key, text) = Add(order);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return (new IssuedKey(key, text, await PublishAsync(key.Id) == KeyChange.Acknowledged), null);
    }

    /// <summary>Adds a key and its outbox message to the caller's transaction, which the caller saves and commits.</summary>
    public (ApiKey Key, string Text) Add(KeyOrder order)
    {
        var (publicId, secret, text) = ApiKeyText.Create();
        var now = clock.GetUtcNow();
        var key = new ApiKey
        {
            Id = order.KeyId,
            OrganizationId = order.OrganizationId,
            ProjectId = order.ProjectId,
            PublicId = publicId,
            Name = order.Name,
            Version = Guid.CreateVersion7(now),
            Secrets = [peppers.Seal(secret)],
            Limits = order.Limits,
            Access = order.Access,
            CreatedAt = now,
            CreatedBy = order.ActorId,
        };
        db.ApiKeys.Add(key);
        AddTrace("key.create", key, order.ActorId);
        return (key, text);
    }

    /// <summary>Ends a key for ever. Returns after Redis acknowledged the tombstone, or says that it did not.</summary>
    public Task<KeyChange> RevokeAsync(Guid organizationId, Guid keyId, Guid? actorId, CancellationToken cancellationToken) =>
        ChangeAsync(organizationId, keyId, actorId, "key.revoke", key => key.Revoke(clock), cancellationToken);

    public Task<KeyChange> DisableAsync(Guid organizationId, Guid keyId, Guid? actorId, CancellationToken cancellationToken) =>
        ChangeAsync(organizationId, keyId, actorId, "key.disable", key => key.Disable(clock), cancellationToken);

    public Task<KeyChange> EnableAsync(Guid organizationId, Guid keyId, Guid? actorId, CancellationToken cancellationToken) =>
        ChangeAsync(organizationId, keyId, actorId, "key.enable", key => key.Enable(clock), cancellationToken);

    /// <summary>Changes what the key may do and its limits, both or neither.</summary>
    public Task<KeyChange> ChangeSettingsAsync(
        Guid organizationId, Guid keyId, Guid? actorId, KeyAccess access, Limits limits, CancellationToken cancellationToken) =>
        ChangeAsync(
            organizationId, keyId, actorId, "key.settings",
            key =>
            {
                var isChanged = key.ChangeAccess(access, clock);
                return key.ChangeLimits(limits, clock) || isChanged;
            },
            cancellationToken);

    /// <summary>Gives the key a new secret, whose text is in the answer and nowhere else.</summary>
    /// <param name="version">The key's version when the page was shown: a form sent twice must not end a secret that is in use.</param>
    public async Task<RotatedKey> RotateAsync(
        Guid organizationId, Guid keyId, Guid? actorId, Guid version, TimeSpan overlap, CancellationToken cancellationToken)
    {
        string? text = null;
        var change = await ChangeAsync(
            organizationId, keyId, actorId, "key.rotate",
            key =>
            {
                var now = clock.GetUtcNow();
                var ends = (now + overlap).AddTicks(-(now + overlap).UtcTicks % TimeSpan.TicksPerMicrosecond);
                var (secret, shown) = ApiKeyText.CreateSecret(key.PublicId);
                if (key.Version != version || !key.Rotate(peppers.Seal(secret), overlap > TimeSpan.Zero ? ends : null, clock))
                {
                    return false;
                }

                text = shown;
                db.KeyRotations.Add(new KeyRotation { KeyId = keyId, OverlapEndsAt = ends, RotatedAt = now });
                return true;
            },
            cancellationToken,
            EndOldSecretAsync);
        return new RotatedKey(change, text);
    }

    /// <summary>Ends the old secret of the key's rotation before its time.</summary>
    public Task<KeyChange> EndOverlapAsync(Guid organizationId, Guid keyId, Guid? actorId, CancellationToken cancellationToken) =>
        ChangeAsync(
            organizationId, keyId, actorId, "key.end-overlap", key => key.EndOverlap(clock), cancellationToken, EndOldSecretAsync);

    /// <summary>
    /// Ends all keys that a user made, and those of the organizations that they own, in the caller's transaction. The caller saves and
    /// commits it, then calls <see cref="PublishAllAsync"/>.
    /// </summary>
    public async Task<IReadOnlyList<Guid>> RevokeAllOfAsync(Guid userId, CancellationToken cancellationToken)
    {
        var keys = await db.ApiKeys.FromSql(
            $"""
            select api_keys.* from accounts.api_keys where state <> 2 and (created_by = {userId} or organization_id in (
              select organization_id from accounts.memberships where user_id = {userId} and role = 0))
            order by id for update
            """).ToListAsync(cancellationToken);
        foreach (var key in keys)
        {
            key.Revoke(clock);
            AddTrace("key.revoke", key, userId);
        }

        return [.. keys.Select(key => key.Id)];
    }

    /// <summary>Brings committed changes to Redis; says whether it acknowledged all of them. The outbox has what it did not.</summary>
    public async Task<KeyChange> PublishAllAsync(IReadOnlyList<Guid> keyIds)
    {
        foreach (var keyId in keyIds)
        {
            if (await PublishAsync(keyId) == KeyChange.Queued)
            {
                return KeyChange.Queued;
            }
        }

        return KeyChange.Acknowledged;
    }

    /// <summary>Notes in the rotation that is still running that its old secret has ended.</summary>
    private Task<int> EndOldSecretAsync(Guid keyId, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        return db.KeyRotations.Where(r => r.KeyId == keyId && r.OldSecretEndedAt == null && r.OverlapEndsAt > now)
            .ExecuteUpdateAsync(set => set.SetProperty(r => r.OldSecretEndedAt, now), cancellationToken);
    }

    /// <param name="andThen">More to do when something changed, before it is saved and in the same transaction.</param>
    private async Task<KeyChange> ChangeAsync(
        Guid organizationId, Guid keyId, Guid? actorId, string action, Func<ApiKey, bool> change, CancellationToken cancellationToken,
        Func<Guid, CancellationToken, Task>? andThen = null)
    {
        await using (var transaction = await db.Database.BeginTransactionAsync(cancellationToken))
        {
            var found = await db.ApiKeys
                .FromSql($"select * from accounts.api_keys where organization_id = {organizationId} and id = {keyId} for update")
                .ToListAsync(cancellationToken);
            if (found is not [var key])
            {
                return KeyChange.NotFound;
            }

            if (change(key))
            {
                AddTrace(action, key, actorId);
                await (andThen?.Invoke(key.Id, cancellationToken) ?? Task.CompletedTask);
            }

            await db.SaveChangesAsync(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        return await PublishAsync(keyId);
    }

    /// <summary>What is committed goes out even when the browser has left.</summary>
    private async Task<KeyChange> PublishAsync(Guid keyId)
    {
        try
        {
            await publisher.PublishKeyAsync(keyId, CancellationToken.None);
            return KeyChange.Acknowledged;
        }
        catch (RedisUnavailableException exception)
        {
            LogQueued(logger, keyId, exception.Message);
            signal.Raise();
            return KeyChange.Queued;
        }
    }

    private void AddTrace(string action, ApiKey key, Guid? actorId)
    {
        var now = clock.GetUtcNow();
        db.Outbox.Add(OutboxMessage.Create(OutboxKind.Key, key.Id, now));
        db.AuditEntries.Add(new AuditEntry
        {
            At = now,
            OrganizationId = key.OrganizationId,
            ActorId = actorId,
            Action = action,
            Subject = key.PublicId,
        });
    }

    [LoggerMessage(1, LogLevel.Warning, "Redis has not acknowledged key {KeyId}; the outbox goes on trying. {Reason}")]
    private static partial void LogQueued(ILogger logger, Guid keyId, string reason);
}

/// <summary>A key to make.</summary>
/// <param name="KeyId">Chosen by the page, so that a form sent twice makes one key.</param>
/// <param name="ActorId">The user; null for the command line.</param>
internal sealed record KeyOrder(
    Guid KeyId, Guid OrganizationId, Guid ProjectId, string Name, Limits Limits, KeyAccess Access, Guid? ActorId);

/// <summary>A key that was made, with its text.</summary>
/// <param name="Acknowledged">Redis has it already; else the outbox brings it there, or the first call does.</param>
internal sealed record IssuedKey(ApiKey Key, string Text, bool Acknowledged);

/// <summary>Why a key was not made.</summary>
internal enum KeyRefusal
{
    /// <summary><see cref="KeyOrder.KeyId"/> was used before: a form sent twice.</summary>
    SentTwice = 1,

    /// <summary>The organization has as many as it may have.</summary>
    TooMany = 2,
}

/// <summary>A page of keys.</summary>
/// <param name="Next">Where the next page goes on; null on the last one.</param>
internal sealed record KeyList(IReadOnlyList<ApiKey> Keys, Guid? Next);

/// <summary>What became of a rotation.</summary>
/// <param name="Text">The key with its new secret, shown this once; null when nothing was rotated: the key is gone, revoked, or was changed
/// since the page was shown.</param>
internal sealed record RotatedKey(KeyChange Change, string? Text);

/// <summary>What became of a change to a key.</summary>
internal enum KeyChange
{
    /// <summary>The organization has no such key.</summary>
    NotFound = 0,

    /// <summary>Committed, and Redis has it: the next request obeys.</summary>
    Acknowledged = 1,

    /// <summary>Committed; Redis did not answer and the outbox goes on trying.</summary>
    Queued = 2,
}
