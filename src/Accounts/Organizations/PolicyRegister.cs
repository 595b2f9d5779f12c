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
internal sealed class PolicyRegister(AccountsDb db, PolicyPublisher publisher, TimeProvider clock)
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
            rules => Task.FromResult<bool?>(suspended ? rules.Suspend(reason, clock) : rules.Unsuspend(clock)), cancellationToken);

    public Task<RecordChange> ChangeLimitsAsync(
        Guid organizationId, Limits limits, Guid? actorId, CancellationToken cancellationToken) =>
        ChangeAsync(
            organizationId, actorId, "organization.limits", organizationId,
            rules => Task.FromResult<bool?>(rules.ChangeLimits(limits, clock)), cancellationToken);

    /// <summary>Allows responses of a project to be kept, or forbids it. What was kept stays.</summary>
    public Task<RecordChange> KeepResponsesAsync(
        Guid organizationId, Guid projectId, bool keeps, Guid? actorId, CancellationToken cancellationToken) =>
        ChangeProjectAsync(
            organizationId, projectId, actorId, keeps ? "project.responses.keep" : "project.responses.discard",
            project => project.KeepResponses(keeps), cancellationToken);

    /// <summary>Changes a project, which is part of the policy. Not found for a project that is archived or another organization's.</summary>
    /// <param name="change">Returns false when nothing changes.</param>
    /// <param name="andThen">Runs after a change, before it is saved and in the same transaction.</param>
    public Task<RecordChange> ChangeProjectAsync(
        Guid organizationId, Guid projectId, Guid? actorId, string action, Func<Project, bool> change, CancellationToken cancellationToken,
        Func<Project, Task>? andThen = null) =>
        ChangeAsync(
            organizationId, actorId, action, projectId,
            async rules =>
            {
                var project = await db.Projects.SingleOrDefaultAsync(
                    one => one.OrganizationId == organizationId && one.Id == projectId && one.ArchivedAt == null, cancellationToken);
                if (project is null)
                {
                    return null;
                }

                if (!change(project))
                {
                    return false;
                }

                rules.RaiseVersion(clock);
                await (andThen?.Invoke(project) ?? Task.CompletedTask);
                return true;
            },
            cancellationToken);

    /// <param name="subject">What changes, for the audit.</param>
    /// <param name="change">
    /// Returns false when nothing changes, null when the subject does not exist. Runs under the lock of the rules.
    /// </param>
    private async Task<RecordChange> ChangeAsync(
        Guid organizationId, Guid? actorId, string action, Guid subject, Func<OrganizationRules, Task<bool?>> change,
        CancellationToken cancellationToken)
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

            if (await change(rules) is not { } isChanged)
            {
                return RecordChange.NotFound;
            }

            if (isChanged)
            {
                AddTrace(action, organizationId, subject, actorId);
                await db.SaveChangesAsync(cancellationToken);
            }

            await transaction.CommitAsync(cancellationToken);
        }

        return await publisher.PublishChangeAsync(organizationId);
    }

    private void AddTrace(string action, Guid organizationId, Guid subject, Guid? actorId)
    {
        var now = clock.GetUtcNow();
        db.Outbox.Add(OutboxMessage.Create(OutboxKind.Policy, organizationId, now));
        db.AuditEntries.Add(new AuditEntry
        {
            At = now,
            OrganizationId = organizationId,
            ActorId = actorId,
            Action = action,
            Subject = subject.ToString(),
        });
    }
}
