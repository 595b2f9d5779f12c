using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Audit;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Organizations;
using Tollgate.Accounts.Users;

namespace Tollgate.Accounts.Invitations;

/// <summary>
/// Makes users members, whatever door they come through. Runs in the caller's transaction, under the lock of the organization's row. A user
/// who is a member already keeps the role.
/// </summary>
internal sealed class Joining(AccountsDb db, AuditTrail audit, TimeProvider clock)
{
    /// <summary>Uses an open invitation up: gives its role and its projects. Saves.</summary>
    /// <param name="via">The door, for the audit log; null for the mailed link or the page of organizations.</param>
    public async Task AcceptAsync(Invitation invitation, User user, string? via, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        invitation.AcceptedAt = now;
        var isMember = await db.Memberships.AnyAsync(
            one => one.OrganizationId == invitation.OrganizationId && one.UserId == user.Id, cancellationToken);
        if (!isMember)
        {
            var custom = await db.CustomRoleAsync(invitation.OrganizationId, invitation.CustomRoleId, cancellationToken);
            Add(invitation.OrganizationId, user, invitation.Role, custom, via, now);
        }

        await db.SaveChangesAsync(cancellationToken);
        await db.Database.ExecuteSqlAsync( // Of the projects that there still are; the default one needs no row.
            $"""
            insert into accounts.project_members (project_id, user_id, organization_id, added_at)
            select p.id, {user.Id}, p.organization_id, {now} 
            from accounts.invitation_projects i join accounts.projects p on p.id = i.project_id
            where i.invitation_id = {invitation.Id} and p.archived_at is null and not p.is_default
            on conflict do nothing
            """,
            cancellationToken);
    }

    /// <summary>Gives a role to a user who is no member. The caller saves.</summary>
    /// <param name="role">Not a custom one.</param>
    public void Add(Guid organizationId, User user, MemberRole role, string via) =>
        Add(organizationId, user, role, custom: null, via, clock.GetUtcNow());

    private void Add(Guid organizationId, User user, MemberRole role, CustomRole? custom, string? via, DateTimeOffset now)
    {
        db.Memberships.Add(new Membership
        {
            OrganizationId = organizationId,
            UserId = user.Id,
            Role = role,
            CustomRoleId = custom?.Id,
            JoinedAt = now,
        });
        audit.Add(
            "member.join", user.Id.ToString(), organizationId,
            after: new { Role = RoleChoice.NameOf(role, custom), user.Email, via }, actorId: user.Id);
    }
}
