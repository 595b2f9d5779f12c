using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Audit;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Outbox;
using Tollgate.Accounts.Records;
using Tollgate.Contracts.Keys;

namespace Tollgate.Accounts.Organizations;

/// <summary>
/// Changes an organization's rules for gateways. A change commits together with its outbox message and then goes to Redis at once.
/// Gateways apply it from the next request after Redis has it.
/// </summary>
internal sealed class PolicyRegister(AccountsDb db, PolicyPublisher publisher, AuditTrail audit, TimeProvider clock)
{
    /// <summary>Whether Redis has yet to acknowledge the organization's last change.</summary>
    public Task<bool> IsPendingAsync(Guid organizationId, CancellationToken cancellationToken) =>
        db.IsPendingAsync(OutboxKind.Policy, organizationId, cancellationToken);

    /// <summary>Reads the limits of an organization; null when there is no such organization.</summary>
    public Task<Limits?> FindLimitsAsync(Guid organizationId, CancellationToken cancellationToken) =>
        db.OrganizationRules.AsNoTracking().Where(r => r.OrganizationId == organizationId).Select(r => (Limits?)r.Limits)
            .SingleOrDefaultAsync(cancellationToken);

    /// <summary>Whether responses of a project may be kept.</summary>
    public Task<bool> KeepsResponsesAsync(Guid organizationId, Guid projectId, CancellationToken cancellationToken) =>
        db.Projects.AsNoTracking().Where(project => project.OrganizationId == organizationId && project.Id == projectId)
            .Select(project => project.KeepsResponses).SingleAsync(cancellationToken);

    /// <summary>Suspends or resumes an organization. Its keys' own states stay unchanged.</summary>
    public Task<RecordChange> SetSuspendedAsync(
        Guid organizationId, bool suspended, string? reason, Guid? actorId, CancellationToken cancellationToken) =>
        ChangeAsync(
            organizationId, actorId, suspended ? "organization.suspend" : "organization.unsuspend", organizationId,
            rules => ValueTask.FromResult<(object, object)?>(
                (suspended ? rules.Suspend(reason, clock) : rules.Unsuspend(clock))
                    ? (new { suspended = !suspended }, new { suspended }) // Without the reason, which customers do not see.
                    : null),
            cancellationToken);

    public Task<RecordChange> ChangeLimitsAsync(
        Guid organizationId, Limits limits, Guid? actorId, CancellationToken cancellationToken) =>
        ChangeAsync(
            organizationId, actorId, "organization.limits", organizationId,
            rules =>
            {
                var before = rules.Limits;
                return ValueTask.FromResult<(object, object)?>(rules.ChangeLimits(limits, clock) ? (before, limits) : null);
            },
            cancellationToken);

    /// <summary>Allows responses of a project to be kept, or forbids it. What was kept stays.</summary>
    public Task<RecordChange> KeepResponsesAsync(
        Guid organizationId, Guid projectId, bool keeps, Guid? actorId, CancellationToken cancellationToken) =>
        ChangeAsync(
            organizationId, actorId, keeps ? "project.responses.keep" : "project.responses.discard", projectId,
            async rules =>
            {
                var project = await db.Projects.SingleOrDefaultAsync(
                    one => one.OrganizationId == organizationId && one.Id == projectId, cancellationToken);
                if (project?.KeepResponses(keeps) != true)
                {
                    return null;
                }

                rules.RaiseVersion(clock);
                return (new { keepsResponses = !keeps }, new { keepsResponses = keeps });
            },
            cancellationToken);

    /// <param name="subject">What changes, for the audit.</param>
    /// <param name="change">Returns the values before and after, or null when nothing changes. Runs under the lock of the rules.</param>
    private async Task<RecordChange> ChangeAsync(
        Guid organizationId, Guid? actorId, string action, Guid subject,
        Func<OrganizationRules, ValueTask<(object Before, object After)?>> change, CancellationToken cancellationToken)
    {
        await using (var transaction = await db.Database.BeginTransactionAsync(cancellationToken))
        {
            var found = await db.OrganizationRules
                .FromSql($"select * from accounts.organization_policies where organization_id = {organizationId} for update")
                .ToListAsync(cancellationToken);
            if (found is not [var rules])
            {
                return RecordChange.NotFound;
            }

            if (await change(rules) is (var before, var after))
            {
                db.Outbox.Add(OutboxMessage.Create(OutboxKind.Policy, organizationId, clock.GetUtcNow()));
                audit.Add(action, subject.ToString(), organizationId, before, after, actorId);
                await db.SaveChangesAsync(cancellationToken);
            }

            await transaction.CommitAsync(cancellationToken);
        }

        return await publisher.PublishChangeAsync(organizationId);
    }
}
