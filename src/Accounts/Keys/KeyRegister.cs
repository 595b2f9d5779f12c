using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Tollgate.Accounts.Audit;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Outbox;
using Tollgate.Accounts.Records;
using Tollgate.Contracts.Keys;

namespace Tollgate.Accounts.Keys;

/// <summary>
/// Creates, changes and revokes keys. A change commits together with its outbox message and then goes to Redis at once. The result shows
/// the caller whether Redis acknowledged it or the outbox still has to deliver it.
/// </summary>
internal sealed class KeyRegister(
    AccountsDb db, KeyPeppers peppers, IOptions<KeyOptions> options, KeyPublisher publisher, AuditTrail audit, TimeProvider clock)
{
    /// <summary>Most keys that an organization may have at once, not counting revoked ones.</summary>
    public int MostKeys => options.Value.MostPerOrganization;

    /// <summary>Keys on one page of the list.</summary>
    internal const int PageSize = 50;

    /// <summary>Lists a page of an organization's keys, newest first.</summary>
    /// <param name="find">Part of a name, or the start of a key's text; null or empty for all.</param>
    /// <param name="after">The last key of the previous page; null for the first page.</param>
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

    /// <summary>Finds those of the given keys that belong to the organization.</summary>
    public Task<List<ApiKey>> FindAsync(Guid organizationId, IReadOnlyCollection<Guid> keyIds, CancellationToken cancellationToken) =>
        db.ApiKeys.AsNoTracking().Where(k => k.OrganizationId == organizationId && keyIds.Contains(k.Id)).ToListAsync(cancellationToken);

    public Task<ApiKey?> FindAsync(Guid organizationId, Guid keyId, CancellationToken cancellationToken) =>
        db.ApiKeys.AsNoTracking().SingleOrDefaultAsync(k => k.OrganizationId == organizationId && k.Id == keyId, cancellationToken);

    /// <summary>Finds a key of the organization by the 12 characters that its text shows.</summary>
    public Task<ApiKey?> FindAsync(Guid organizationId, string publicId, CancellationToken cancellationToken) =>
        db.ApiKeys.AsNoTracking().SingleOrDefaultAsync(
            k => k.OrganizationId == organizationId && k.PublicId == publicId, cancellationToken);

    /// <summary>Whether Redis has yet to acknowledge the key's last change.</summary>
    public Task<bool> IsPendingAsync(Guid keyId, CancellationToken cancellationToken) =>
        db.IsPendingAsync(OutboxKind.Key, keyId, cancellationToken);

    /// <summary>Creates a key. Only the result contains its text.</summary>
    public async Task<KeyCreation> CreateAsync(KeyOrder order, CancellationToken cancellationToken)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);

        // Serializes creations of an organization, so that two cannot both take the last free place and one form cannot make two keys.
        await db.Database.ExecuteSqlAsync(
            $"select 1 from accounts.organizations where id = {order.OrganizationId} for no key update", cancellationToken);
        if (await db.ApiKeys.AnyAsync(k => k.Id == order.KeyId, cancellationToken))
        {
            return new KeyCreation.SentTwice();
        }

        if (await db.ApiKeys.CountAsync(
            k => k.OrganizationId == order.OrganizationId && k.State != KeyState.Revoked, cancellationToken) >= MostKeys)
        {
            return new KeyCreation.TooMany();
        }

        var (key, text) = Add(order);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new KeyCreation.Issued(key, text, await publisher.PublishChangeAsync(key.Id) == RecordChange.Acknowledged);
    }

    /// <summary>Adds a key and its outbox message to the caller's transaction. The caller saves and commits.</summary>
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
        AddTrace("key.create", key, before: null, order.ActorId);
        return (key, text);
    }

    /// <summary>Revokes a key permanently. Acknowledged once Redis has the revoked record.</summary>
    public Task<RecordChange> RevokeAsync(Guid organizationId, Guid keyId, Guid? actorId, CancellationToken cancellationToken) =>
        ChangeAsync(organizationId, keyId, actorId, "key.revoke", key => key.Revoke(clock), cancellationToken);

    public Task<RecordChange> DisableAsync(Guid organizationId, Guid keyId, Guid? actorId, CancellationToken cancellationToken) =>
        ChangeAsync(organizationId, keyId, actorId, "key.disable", key => key.Disable(clock), cancellationToken);

    public Task<RecordChange> EnableAsync(Guid organizationId, Guid keyId, Guid? actorId, CancellationToken cancellationToken) =>
        ChangeAsync(organizationId, keyId, actorId, "key.enable", key => key.Enable(clock), cancellationToken);

    /// <summary>Changes a key's access and limits, both or neither.</summary>
    public Task<RecordChange> ChangeSettingsAsync(
        Guid organizationId, Guid keyId, Guid? actorId, KeyAccess access, Limits limits, CancellationToken cancellationToken) =>
        ChangeAsync(
            organizationId, keyId, actorId, "key.settings",
            key =>
            {
                var isChanged = key.ChangeAccess(access, clock);
                return key.ChangeLimits(limits, clock) || isChanged;
            },
            cancellationToken);

    /// <summary>Gives the key a new secret. Only the result contains its text.</summary>
    /// <param name="version">
    /// The key's version when the page was shown, so a form submitted twice cannot end a secret that is in use.
    /// </param>
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

    /// <summary>Ends the old secret of the key's rotation early.</summary>
    public Task<RecordChange> EndOverlapAsync(Guid organizationId, Guid keyId, Guid? actorId, CancellationToken cancellationToken) =>
        ChangeAsync(
            organizationId, keyId, actorId, "key.end-overlap", key => key.EndOverlap(clock), cancellationToken, EndOldSecretAsync);

    /// <summary>
    /// Revokes all keys that a user made, and those of the organizations that the user owns, in the caller's transaction. The caller
    /// saves, commits, and then calls <see cref="PublishAllAsync"/>.
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
            var before = KeyValues.Of(key);
            key.Revoke(clock);
            AddTrace("key.revoke", key, before, userId);
        }

        return [.. keys.Select(key => key.Id)];
    }

    /// <summary>Publishes committed changes. Returns Queued when Redis did not acknowledge all of them.</summary>
    public async Task<RecordChange> PublishAllAsync(IReadOnlyList<Guid> keyIds)
    {
        foreach (var keyId in keyIds)
        {
            if (await publisher.PublishChangeAsync(keyId) == RecordChange.Queued)
            {
                return RecordChange.Queued;
            }
        }

        return RecordChange.Acknowledged;
    }

    /// <summary>Marks the old secret of the running rotation as ended.</summary>
    private Task<int> EndOldSecretAsync(Guid keyId, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        return db.KeyRotations.Where(r => r.KeyId == keyId && r.OldSecretEndedAt == null && r.OverlapEndsAt > now)
            .ExecuteUpdateAsync(set => set.SetProperty(r => r.OldSecretEndedAt, now), cancellationToken);
    }

    /// <param name="andThen">Runs after a change, before it is saved and in the same transaction.</param>
    private async Task<RecordChange> ChangeAsync(
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
                return RecordChange.NotFound;
            }

            var before = KeyValues.Of(key);
            if (change(key))
            {
                AddTrace(action, key, before, actorId);
                await (andThen?.Invoke(key.Id, cancellationToken) ?? Task.CompletedTask);
            }

            await db.SaveChangesAsync(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        return await publisher.PublishChangeAsync(keyId);
    }

    private void AddTrace(string action, ApiKey key, KeyValues? before, Guid? actorId)
    {
        db.Outbox.Add(OutboxMessage.Create(OutboxKind.Key, key.Id, clock.GetUtcNow()));
        audit.Add(action, key.PublicId, key.OrganizationId, before, KeyValues.Of(key), actorId);
    }
}

/// <summary>Order to create a key.</summary>
/// <param name="KeyId">Chosen by the page, so a form submitted twice makes one key.</param>
/// <param name="ActorId">The user; null for the command line.</param>
internal sealed record KeyOrder(
    Guid KeyId, Guid OrganizationId, Guid ProjectId, string Name, Limits Limits, KeyAccess Access, Guid? ActorId);

/// <summary>Result of creating a key.</summary>
internal abstract record KeyCreation
{
    private KeyCreation()
    {
    }

    /// <summary>The key was created.</summary>
    /// <param name="Text">The key's full text, shown only once.</param>
    /// <param name="Acknowledged">Whether Redis has the key. Otherwise the outbox or the key's first call publishes it.</param>
    internal sealed record Issued(ApiKey Key, string Text, bool Acknowledged) : KeyCreation;

    /// <summary>The form was submitted twice: <see cref="KeyOrder.KeyId"/> exists.</summary>
    internal sealed record SentTwice : KeyCreation;

    /// <summary>The organization has the maximum number of keys.</summary>
    internal sealed record TooMany : KeyCreation;
}

/// <summary>What the audit log keeps of a key: everything that can change but its secrets.</summary>
/// <param name="OldSecretUntil">When the old secret of a rotation ends; null when there is none.</param>
internal sealed record KeyValues(
    string Name, Guid ProjectId, KeyState State, Limits Limits, KeyAccess Access, DateTimeOffset? OldSecretUntil)
{
    public static KeyValues Of(ApiKey key) => new(
        key.Name, key.ProjectId, key.State, key.Limits, key.Access, key.Secrets.Max(secret => secret.NotAfter));
}

/// <summary>A page of keys.</summary>
/// <param name="Next">Last key of this page, from which the next page continues; null on the last page.</param>
internal sealed record KeyList(IReadOnlyList<ApiKey> Keys, Guid? Next);

/// <summary>Result of a rotation.</summary>
/// <param name="Text">
/// The key with its new secret, shown only once. Null when nothing was rotated, because the key is missing, revoked, or was changed since
/// the page was shown.
/// </param>
internal sealed record RotatedKey(RecordChange Change, string? Text);
