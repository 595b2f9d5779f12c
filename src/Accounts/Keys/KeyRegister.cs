using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Tollgate.Accounts.Audit;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Organizations;
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
    /// <param name="projectId">Null for all projects.</param>
    /// <param name="find">Part of a name, or the start of a key's text; null or empty for all.</param>
    /// <param name="after">The last key of the previous page; null for the first page.</param>
    public async Task<KeyList> ListAsync(
        Guid organizationId, Guid? projectId, string? find, Guid? after, CancellationToken cancellationToken)
    {
        var name = find?.Trim() ?? "";
        var start = name.StartsWith(ApiKeyText.Prefix, StringComparison.Ordinal) ? name[ApiKeyText.Prefix.Length..] : name;
        start = start[..Math.Min(start.Length, ApiKeyText.PublicIdLength)];
        var keys = await db.ApiKeys.FromSql(
            $"""
            select * from accounts.api_keys
            where organization_id = {organizationId} and ({projectId}::uuid is null or project_id = {projectId}::uuid)
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
        await db.LockOrganizationAsync(order.OrganizationId, cancellationToken);
        if (await db.ApiKeys.AnyAsync(k => k.Id == order.KeyId, cancellationToken))
        {
            return new KeyCreation.SentTwice();
        }

        var account = await FindAccountAsync(order, cancellationToken);
        if (await RefuseAsync(order, account, cancellationToken) is { } why)
        {
            return new KeyCreation.Refused(why);
        }

        if (await db.ApiKeys.CountAsync(
            k => k.OrganizationId == order.OrganizationId && k.State != KeyState.Revoked, cancellationToken) >= MostKeys)
        {
            return new KeyCreation.TooMany();
        }

        var (key, text) = Add(account is null ? order : order with { Access = account.Confine(order.Access) });
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new KeyCreation.Issued(key, text, await publisher.PublishChangeAsync(key.Id) == RecordChange.Acknowledged);
    }

    /// <summary>
    /// Why a key cannot be made; null when it can. Under the lock of the organization, so that nobody who is being removed gets one more.
    /// </summary>
    private async Task<string?> RefuseAsync(KeyOrder order, ServiceAccount? account, CancellationToken cancellationToken)
    {
        var project = await db.Projects.AsNoTracking().SingleOrDefaultAsync(
            p => p.OrganizationId == order.OrganizationId && p.Id == order.ProjectId && p.ArchivedAt == null, cancellationToken);
        if (project is null)
        {
            return "The project does not exist, or it is archived.";
        }

        if (order.ActorId is { } actorId && await RefuseActorAsync(actorId, project, order, cancellationToken) is { } notAllowed)
        {
            return notAllowed;
        }

        return order.ServiceAccountId is not null && account is null ? "The project has no such service account." : null;
    }

    private Task<ServiceAccount?> FindAccountAsync(KeyOrder order, CancellationToken cancellationToken) =>
        db.ServiceAccounts.AsNoTracking().SingleOrDefaultAsync(
            a => a.OrganizationId == order.OrganizationId && a.ProjectId == order.ProjectId && a.Id == order.ServiceAccountId
                && a.DeletedAt == null,
            cancellationToken);

    private async Task<string?> RefuseActorAsync(Guid actorId, Project project, KeyOrder order, CancellationToken cancellationToken)
    {
        var actor = await db.StandingAsync(order.OrganizationId, actorId, cancellationToken);
        return !actor.May(Permission.ManageKeys) ? "Your role does not let you make keys."
            : actor.May(Permission.ManageProjects) ? null
            : order.ServiceAccountId is not null ? "Your role does not let you make keys of service accounts."
            : project.IsDefault || await db.ProjectMembers.AnyAsync(
                m => m.ProjectId == project.Id && m.UserId == actorId, cancellationToken) ? null
            : "You are not a member of the project.";
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
            OwnerId = order.ServiceAccountId is null ? order.ActorId : null,
            ServiceAccountId = order.ServiceAccountId,
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

    /// <summary>Changes a key's access and limits, both or neither. A service account's key gets no more than its account may do.</summary>
    public async Task<RecordChange> ChangeSettingsAsync(
        Guid organizationId, Guid keyId, Guid? actorId, KeyAccess access, Limits limits, CancellationToken cancellationToken)
    {
        var account = await (
            from key in db.ApiKeys
            where key.OrganizationId == organizationId && key.Id == keyId
            join one in db.ServiceAccounts on key.ServiceAccountId equals (Guid?)one.Id
            select one).AsNoTracking().SingleOrDefaultAsync(cancellationToken);
        var confined = account?.Confine(access) ?? access;
        return await ChangeAsync(
            organizationId, keyId, actorId, "key.settings",
            key =>
            {
                var isChanged = key.ChangeAccess(confined, clock);
                return key.ChangeLimits(limits, clock) || isChanged;
            },
            cancellationToken);
    }

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
    /// Revokes all keys that a user has or made, and those of the organizations that the user owns, in the caller's transaction. The caller
    /// saves, commits, and then calls <see cref="PublishAllAsync"/>.
    /// </summary>
    public async Task<IReadOnlyList<Guid>> RevokeAllOfAsync(Guid userId, CancellationToken cancellationToken)
    {
        var keys = await db.ApiKeys.FromSql(
            $"""
            select api_keys.* from accounts.api_keys where state <> 2 and ({userId} in (owner_id, created_by) or organization_id in (
              select organization_id from accounts.memberships where user_id = {userId} and role = 0))
            order by id for update
            """).ToListAsync(cancellationToken);
        return EndAll(keys, "key.revoke", key => key.Revoke(clock), userId);
    }

    /// <summary>
    /// Revokes a member's personal keys of an organization, or of one project of it, in the caller's transaction. Keys of service accounts
    /// stay. The caller saves, commits, and then calls <see cref="PublishAllAsync"/>.
    /// </summary>
    /// <param name="projectId">Null for all projects.</param>
    public async Task<IReadOnlyList<Guid>> RevokePersonalAsync(
        Guid organizationId, Guid userId, Guid? actorId, CancellationToken cancellationToken, Guid? projectId = null) =>
        EndAll(
            await LockPersonalAsync(organizationId, userId, projectId, cancellationToken), "key.revoke", key => key.Revoke(clock), actorId);

    /// <summary>Disables a member's personal keys, otherwise as <see cref="RevokePersonalAsync"/> does.</summary>
    public async Task<IReadOnlyList<Guid>> DisablePersonalAsync(
        Guid organizationId, Guid userId, Guid? actorId, CancellationToken cancellationToken) =>
        EndAll(
            await LockPersonalAsync(organizationId, userId, projectId: null, cancellationToken), "key.disable", key => key.Disable(clock),
            actorId);

    /// <summary>
    /// Revokes a member's personal keys in projects that the member may not use any more: of those who do not manage projects, all but the
    /// default one and those that name them. Otherwise as <see cref="RevokePersonalAsync"/> does.
    /// </summary>
    public async Task<IReadOnlyList<Guid>> RevokeOutsideProjectsAsync(
        Guid organizationId, Guid userId, Guid? actorId, CancellationToken cancellationToken)
    {
        var keys = await db.ApiKeys.FromSql(
            $"""
            select api_keys.* from accounts.api_keys
            where state <> 2 and organization_id = {organizationId} and owner_id = {userId} and project_id not in (
              select id from accounts.projects where organization_id = {organizationId} and is_default
              union all select project_id from accounts.project_members where organization_id = {organizationId} and user_id = {userId})
            order by id for update
            """).ToListAsync(cancellationToken);
        return EndAll(keys, "key.revoke", key => key.Revoke(clock), actorId);
    }

    /// <summary>Revokes the keys of a service account, otherwise as <see cref="RevokePersonalAsync"/> does.</summary>
    public async Task<IReadOnlyList<Guid>> RevokeOfServiceAccountAsync(
        Guid organizationId, Guid serviceAccountId, Guid? actorId, CancellationToken cancellationToken)
    {
        var keys = await db.ApiKeys.FromSql(
            $"""
            select * from accounts.api_keys
            where state <> 2 and organization_id = {organizationId} and service_account_id = {serviceAccountId} order by id for update
            """).ToListAsync(cancellationToken);
        return EndAll(keys, "key.revoke", key => key.Revoke(clock), actorId);
    }

    /// <summary>Revokes a person's own keys in the caller's transaction, those of service accounts left out.</summary>
    /// <inheritdoc cref="RevokeAllOfAsync"/>
    public async Task<IReadOnlyList<Guid>> RevokeAllOwnedByAsync(Guid userId, CancellationToken cancellationToken)
    {
        var keys = await db.ApiKeys
            .FromSql($"select * from accounts.api_keys where state <> 2 and owner_id = {userId} order by id for update")
            .ToListAsync(cancellationToken);
        return EndAll(keys, "key.revoke", key => key.Revoke(clock), actorId: null);
    }

    /// <summary>Revokes all keys of an organization in the caller's transaction.</summary>
    /// <inheritdoc cref="RevokeAllOfAsync"/>
    public async Task<IReadOnlyList<Guid>> RevokeAllOfOrganizationAsync(Guid organizationId, CancellationToken cancellationToken)
    {
        var keys = await db.ApiKeys
            .FromSql($"select * from accounts.api_keys where state <> 2 and organization_id = {organizationId} order by id for update")
            .ToListAsync(cancellationToken);
        return EndAll(keys, "key.revoke", key => key.Revoke(clock), actorId: null);
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

    private Task<List<ApiKey>> LockPersonalAsync(
        Guid organizationId, Guid userId, Guid? projectId, CancellationToken cancellationToken) =>
        db.ApiKeys.FromSql(
            $"""
            select * from accounts.api_keys
            where state <> 2 and organization_id = {organizationId} and owner_id = {userId}
              and ({projectId}::uuid is null or project_id = {projectId}::uuid)
            order by id for update
            """).ToListAsync(cancellationToken);

    /// <returns>The keys that changed.</returns>
    private List<Guid> EndAll(IReadOnlyList<ApiKey> keys, string action, Func<ApiKey, bool> end, Guid? actorId)
    {
        List<Guid> ended = [];
        foreach (var key in keys)
        {
            var before = KeyValues.Of(key);
            if (end(key))
            {
                AddTrace(action, key, before, actorId);
                ended.Add(key.Id);
            }
        }

        return ended;
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
/// <param name="ActorId">The user, whose key it becomes; null for the command line.</param>
internal sealed record KeyOrder(
    Guid KeyId, Guid OrganizationId, Guid ProjectId, string Name, Limits Limits, KeyAccess Access, Guid? ActorId)
{
    /// <summary>The service account whose key it becomes; null for the user's own.</summary>
    public Guid? ServiceAccountId { get; init; }
}

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

    /// <summary>The project or the service account cannot have it.</summary>
    /// <param name="Why">A sentence.</param>
    internal sealed record Refused(string Why) : KeyCreation;
}

/// <summary>What the audit log keeps of a key: everything that can change but its secrets.</summary>
/// <param name="OwnerId">The member whose key it is; null for others.</param>
/// <param name="OldSecretUntil">When the old secret of a rotation ends; null when there is none.</param>
internal sealed record KeyValues(
    string Name, Guid ProjectId, Guid? OwnerId, Guid? ServiceAccountId, KeyState State, Limits Limits, KeyAccess Access,
    DateTimeOffset? OldSecretUntil)
{
    public static KeyValues Of(ApiKey key) => new(
        key.Name, key.ProjectId, key.OwnerId, key.ServiceAccountId, key.State, key.Limits, key.Access,
        key.Secrets.Max(secret => secret.NotAfter));
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
