using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Audit;
using Tollgate.Accounts.Keys;
using Tollgate.Accounts.Outbox;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Accounts.Organizations;

/// <summary>Stops and restarts all of an organization's keys at once, by its policy; the keys themselves stay as they are.</summary>
internal sealed partial class Suspension(
    AccountsDb db, RecordPublisher publisher, OutboxSignal signal, TimeProvider clock, ILogger<Suspension> logger)
{
    /// <summary>Whether Redis has not acknowledged the organization's last change yet.</summary>
    public Task<bool> IsPendingAsync(Guid organizationId, CancellationToken cancellationToken) =>
        db.Outbox.AnyAsync(m => m.Kind == OutboxKind.Policy && m.SubjectId == organizationId, cancellationToken);

    /// <summary>Commits the change, then brings it to Redis at once; a gateway obeys from the next request on.</summary>
    public async Task<KeyChange> SetAsync(
        Guid organizationId, bool suspended, string? reason, Guid? actorId, CancellationToken cancellationToken)
    {
        await using (var transaction = await db.Database.BeginTransactionAsync(cancellationToken))
        {
            var found = await db.OrganizationRules
                .FromSql($"select * from accounts.organization_policies where organization_id = {organizationId} for update")
                .ToListAsync(cancellationToken);
            if (found is not [var rules])
            {
                return KeyChange.NotFound;
            }

            if (rules.Suspended != suspended)
            {
                Change(rules, suspended, reason, actorId);
                await db.SaveChangesAsync(cancellationToken);
            }

            await transaction.CommitAsync(cancellationToken);
        }

        try
        {
            // Committed: goes out even when the browser has left.
            await publisher.PublishPolicyAsync(organizationId, CancellationToken.None);
            return KeyChange.Acknowledged;
        }
        catch (RedisUnavailableException exception)
        {
            LogQueued(logger, organizationId, exception.Message);
            signal.Raise();
            return KeyChange.Queued;
        }
    }

    private void Change(OrganizationRules rules, bool suspended, string? reason, Guid? actorId)
    {
        if (suspended)
        {
            rules.Suspend(reason, clock);
        }
        else
        {
            rules.Unsuspend(clock);
        }

        var now = clock.GetUtcNow();
        db.Outbox.Add(OutboxMessage.Create(OutboxKind.Policy, rules.OrganizationId, now));
        db.AuditEntries.Add(new AuditEntry
        {
            At = now,
            OrganizationId = rules.OrganizationId,
            ActorId = actorId,
            Action = suspended ? "organization.suspend" : "organization.unsuspend",
            Subject = rules.OrganizationId.ToString(),
        });
    }

    [LoggerMessage(1, LogLevel.Warning, "Redis has not acknowledged the policy of {OrganizationId}; the outbox goes on trying. {Reason}")]
    private static partial void LogQueued(ILogger logger, Guid organizationId, string reason);
}
