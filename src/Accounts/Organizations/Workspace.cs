using System.Security.Claims;
using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Database;

namespace Tollgate.Accounts.Organizations;

/// <summary>The signed-in user and the organization, loaded once per request before any page renders. Page queries filter by it.</summary>
internal sealed class Workspace
{
    public Guid UserId { get; private set; }

    public string Email { get; private set; } = "";

    public Guid OrganizationId { get; private set; }

    public string OrganizationName { get; private set; } = "";

    public Guid ProjectId { get; private set; }

    public MemberRole Role { get; private set; }

    public bool IsOperator { get; private set; }

    /// <summary>Whether the operator has suspended the organization; gateways then refuse its keys.</summary>
    public bool Suspended { get; private set; }

    /// <summary>False before sign-in, for a deleted user, and for a user without an organization.</summary>
    public bool IsLoaded { get; private set; }

    public bool MayChangeKeys => Role is not MemberRole.Viewer;

    /// <summary>
    /// Whether the member may send, delete and run what belongs to the project: files, batches, fine-tuning. Not while the organization is
    /// suspended, as gateways refuse its keys.
    /// </summary>
    public bool MayChangeProject => Role is not MemberRole.Viewer && !Suspended;

    public bool MayTopUp => Role is MemberRole.Owner or MemberRole.Admin;

    public async Task LoadAsync(AccountsDb db, ClaimsPrincipal session, CancellationToken cancellationToken)
    {
        if (!Guid.TryParse(session.FindFirstValue(ClaimTypes.NameIdentifier), out var userId))
        {
            return;
        }

        var row = await (
            from user in db.Users
            where user.Id == userId
            join membership in db.Memberships on user.Id equals membership.UserId
            join organization in db.Organizations on membership.OrganizationId equals organization.Id
            join rules in db.OrganizationRules on organization.Id equals rules.OrganizationId
            join project in db.Projects on organization.Id equals project.OrganizationId
            where project.IsDefault
            orderby membership.JoinedAt
            select new { user.Email, user.IsOperator, organization, membership.Role, rules.Suspended, ProjectId = project.Id })
            .AsNoTracking().FirstOrDefaultAsync(cancellationToken);
        if (row is null)
        {
            return;
        }

        (UserId, Email, IsOperator) = (userId, row.Email!, row.IsOperator);
        (OrganizationId, OrganizationName, ProjectId) = (row.organization.Id, row.organization.Name, row.ProjectId);
        (Role, Suspended, IsLoaded) = (row.Role, row.Suspended, true);
    }
}
