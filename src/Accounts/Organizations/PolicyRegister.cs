using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Audit;
using Tollgate.Accounts.Keys;
using Tollgate.Accounts.Outbox;
using Tollgate.Contracts.Keys;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Accounts.Organizations;

/// <summary>
/// Changes what gateways must know of an organization. A change commits together with its outbox message, then goes to Redis at once; a
/// gateway obeys from the next request on.
/// </summary>
internal sealed partial class PolicyRegister(
    AccountsDb db, RecordPublisher publisher, OutboxSignal signal, TimeProvider clock, ILogger<PolicyRegister> logger)
{
    /// <summary>Whether Redis has not acknowledged the organization's last change yet.</summary>
    public Task<bool> IsPendingAsync(Guid organizationId, CancellationToken cancellationToken) =>
        db.Outbox.AnyAsync(m => m.Kind == OutboxKind.Policy && m.SubjectId == organizationId, cancellationToken);

    /// <summary>The limits of an organization; null when there is no such organization.</summary>
    public Task<Limits?> FindLimitsAsync(Guid organizationId, CancellationToken cancellationToken) =>
        db.OrganizationRules.AsNoTracking().Where(r => r.OrganizationId == organizationId).Select(r => (Limits?)r.Limits)
            .SingleOrDefaultAsync(cancellationToken);

    /// <summary>Stops or restarts all of an organization's keys; the keys themselves stay as they are.</summary>
    public Task<KeyChange> SetSuspendedAsync(
        Guid organizationId, bool suspended, string? reason, Guid? actorId, CancellationToken cancellationToken) =>
        ChangeAsync(
            organizationId, actorId, suspended ? "organization.suspend" : "organization.unsuspend",
            rules => suspended ? rules.Suspend(reason, clock) : rules.Unsuspend(clock), cancellationToken);

    public Task<KeyChange> ChangeLimitsAsync(
        Guid organizationId, Limits limits, Guid? actorId, CancellationToken cancellationToken) =>
        ChangeAsync(organizationId, actorId, "organization.limits", rules => rules.ChangeLimits(limits, clock), cancellationToken);

    private async Task<KeyChange> ChangeAsync(
        Guid organizationId, Guid? actorId, string action, Func<OrganizationRules, bool> change, CancellationToken cancellationToken)
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

            if (change(rules))
            {
                AddTrace(action, organizationId, actorId);
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

    private void AddTrace(string action, Guid organizationId, Guid? actorId)
    {
        var now = clock.GetUtcNow();
        db.Outbox.Add(OutboxMessage.Create(OutboxKind.Policy, organizationId, now));
        db.AuditEntries.Add(new AuditEntry
        {
            At = now,
            OrganizationId = organizationId,
            ActorId = actorId,
            Action = action,
            Subject = organizationId.ToString(),
        });
    }

    [LoggerMessage(1, LogLevel.Warning, "Redis has not acknowledged the policy of {OrganizationId}; the outbox goes on trying. {Reason}")]
    private static partial void LogQueued(ILogger logger, Guid organizationId, string reason);
}
