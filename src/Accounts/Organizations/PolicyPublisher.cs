using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Outbox;
using Tollgate.Accounts.Records;
using Tollgate.Contracts.Keys;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Accounts.Organizations;

/// <summary>
/// Writes an organization's committed policy to Redis under a shared lock of its row. A change of the row waits for the lock, but
/// publishers do not wait for each other.
/// </summary>
internal sealed partial class PolicyPublisher(
    AccountsDb db, RedisRecords redis, OutboxSignal signal, ILogger<PolicyPublisher> logger) : IOutboxReceiver
{
    /// <summary>Publishes a committed change, even if the browser has disconnected.</summary>
    public async Task<RecordChange> PublishChangeAsync(Guid organizationId)
    {
        try
        {
            await PublishAsync(organizationId, CancellationToken.None);
            return RecordChange.Acknowledged;
        }
        catch (RedisUnavailableException exception)
        {
            LogQueued(logger, organizationId, exception.Message);
            signal.Raise();
            return RecordChange.Queued;
        }
    }

    /// <summary>
    /// Writes the policy inside the caller's transaction and returns the policy that Redis then holds; null when there is no such
    /// organization.
    /// </summary>
    /// <exception cref="RedisUnavailableException">Redis did not acknowledge.</exception>
    public async Task<OrganizationPolicy?> WriteAsync(Guid organizationId, CancellationToken cancellationToken)
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

    /// <summary>Publishes the policy of the message's subject.</summary>
    /// <exception cref="RedisUnavailableException">Redis did not acknowledge; the outbox keeps the message.</exception>
    public async Task<bool> TakeAsync(OutboxMessage message, CancellationToken cancellationToken)
    {
        await PublishAsync(message.SubjectId, cancellationToken);
        return false;
    }

    /// <summary>Writes the policy and deletes its messages from the outbox.</summary>
    private async Task PublishAsync(Guid organizationId, CancellationToken cancellationToken)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await WriteAsync(organizationId, cancellationToken);
        await db.StrikeOffAsync(OutboxKind.Policy, organizationId, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    [LoggerMessage(1, LogLevel.Warning, "Redis has not acknowledged the policy of {OrganizationId}; the outbox tries again. {Reason}")]
    private static partial void LogQueued(ILogger logger, Guid organizationId, string reason);
}
