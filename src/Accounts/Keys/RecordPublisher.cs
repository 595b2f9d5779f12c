using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Outbox;
using Tollgate.Contracts.Keys;

namespace Tollgate.Accounts.Keys;

/// <summary>
/// Brings what Postgres says to Redis, under a lock of the row that says it: whoever changes the row waits, and each publisher writes what
/// is committed at that moment. The lock is shared, because publishers need not wait for each other — after Redis was wiped, every gateway
/// asks for every key, and all keys of an organization come with its one policy. Locks are taken key first, then policy.
/// </summary>
internal sealed class RecordPublisher(AccountsDb db, RedisRecords redis)
{
    /// <summary>Publishes a key as it stands and strikes it off the outbox. Doing it twice does no harm.</summary>
    /// <exception cref="ServiceDefaults.Data.RedisUnavailableException">Not acknowledged; the outbox keeps it.</exception>
    public async Task PublishKeyAsync(Guid keyId, CancellationToken cancellationToken)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        foreach (var key in await LockKeysAsync($"select * from accounts.api_keys where id = {keyId} for share", cancellationToken))
        {
            await redis.WriteAsync(key.ToRecord(), cancellationToken);
        }

        await StrikeOffAsync(OutboxKind.Key, keyId, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    /// <summary>The same for an organization's policy.</summary>
    /// <exception cref="ServiceDefaults.Data.RedisUnavailableException">Not acknowledged; the outbox keeps it.</exception>
    public async Task PublishPolicyAsync(Guid organizationId, CancellationToken cancellationToken)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await WritePolicyAsync(organizationId, cancellationToken);
        await StrikeOffAsync(OutboxKind.Policy, organizationId, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    /// <summary>Writes both records of a key to Redis and returns what stands there now; null when no such key was ever made.</summary>
    /// <exception cref="ServiceDefaults.Data.RedisUnavailableException">Not acknowledged.</exception>
    public async Task<ResolvedKey?> ResolveAsync(string publicId, CancellationToken cancellationToken)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var found = await LockKeysAsync($"select * from accounts.api_keys where public_id = {publicId} for share", cancellationToken);
        if (found is not [var key])
        {
            return null;
        }

        var policy = await WritePolicyAsync(key.OrganizationId, cancellationToken)
            ?? throw new InvalidOperationException($"Organization {key.OrganizationId} has no policy.");
        var record = await redis.WriteAsync(key.ToRecord(), cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new ResolvedKey(record, policy);
    }

    private async Task<OrganizationPolicy?> WritePolicyAsync(Guid organizationId, CancellationToken cancellationToken)
    {
        var rules = await db.OrganizationRules
            .FromSql($"select * from accounts.organization_policies where organization_id = {organizationId} for share")
            .AsNoTracking().ToListAsync(cancellationToken);
        if (rules is not [var own])
        {
            return null;
        }

        var projects = await db.Projects.AsNoTracking().Where(p => p.OrganizationId == organizationId).ToListAsync(cancellationToken);
        return await redis.WriteAsync(own.ToPolicy(projects), cancellationToken);
    }

    private Task<List<ApiKey>> LockKeysAsync(FormattableString sql, CancellationToken cancellationToken) =>
        db.ApiKeys.FromSql(sql).AsNoTracking().ToListAsync(cancellationToken);

    /// <summary>A change that is not committed yet waits for the row's lock, so its message is not among those struck off.</summary>
    private Task<int> StrikeOffAsync(OutboxKind kind, Guid subjectId, CancellationToken cancellationToken) =>
        db.Outbox.Where(m => m.Kind == kind && m.SubjectId == subjectId).ExecuteDeleteAsync(cancellationToken);
}
