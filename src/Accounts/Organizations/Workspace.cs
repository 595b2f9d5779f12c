using System.Collections.Frozen;
using System.Security.Claims;
using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Database;

namespace Tollgate.Accounts.Organizations;

/// <summary>
/// The signed-in user with the selected organization and project, loaded once per request before any page renders. Page queries filter by
/// them.
/// </summary>
internal sealed class Workspace
{
    /// <summary>Claim with the organization that the session has selected.</summary>
    public const string OrganizationClaim = "organization";

    /// <summary>Claim with the project that the session has selected.</summary>
    public const string ProjectClaim = "project";

    private FrozenSet<Permission> _permissions = FrozenSet<Permission>.Empty;

    public Guid UserId { get; private set; }

    public string Email { get; private set; } = "";

    /// <summary>The session's organization. Without a choice, or after the membership ended, the one joined first.</summary>
    public Guid OrganizationId { get; private set; }

    public string OrganizationName { get; private set; } = "";

    /// <summary>The session's project. Without a choice in this organization, the default project.</summary>
    public Guid ProjectId { get; private set; }

    public string ProjectName { get; private set; } = "";

    public MemberRole Role { get; private set; }

    /// <summary>Name of the role for people, such as that of a custom role.</summary>
    public string RoleName { get; private set; } = "";

    /// <summary>What the member may do in the organization.</summary>
    public IReadOnlySet<Permission> Permissions => _permissions;

    public bool IsOperator { get; private set; }

    /// <summary>Whether the operator has suspended the organization; gateways then refuse its keys.</summary>
    public bool Suspended { get; private set; }

    /// <summary>When the organization is deleted unless an owner cancels before; gateways refuse its keys. Null unless asked for.</summary>
    public DateTimeOffset? ClosesAt { get; private set; }

    /// <summary>When the user's account is deleted unless the user cancels before; null when the user did not ask.</summary>
    public DateTimeOffset? LeavesAt { get; private set; }

    /// <summary>IANA name of the user's time zone; null until the browser or the user has named one.</summary>
    public string? TimeZone { get; private set; }

    /// <summary>Organizations of the user, the one joined first at the front. Empty for a user without one.</summary>
    public IReadOnlyList<WorkspaceOrganization> Organizations { get; private set; } = [];

    /// <summary>Projects of the selected organization that the member may use, the default one at the front; no archived ones.</summary>
    public IReadOnlyList<WorkspaceProject> Projects { get; private set; } = [];

    /// <summary>False before sign-in and for a deleted user.</summary>
    public bool IsSignedIn { get; private set; }

    /// <summary>False before sign-in, for a deleted user, and for a user without an organization.</summary>
    public bool IsLoaded { get; private set; }

    public bool MayChangeKeys => May(Permission.ManageKeys);

    /// <summary>
    /// Whether the member may send, delete and run what belongs to the project: files, batches, fine-tuning. Not while the organization is
    /// suspended or leaves, as gateways refuse its keys.
    /// </summary>
    public bool MayChangeProject => May(Permission.UseProject) && !Suspended && ClosesAt is null;

    public bool MayTopUp => May(Permission.ManageBilling);

    /// <summary>Whether the member has a permission in the selected organization.</summary>
    public bool May(Permission permission) => _permissions.Contains(permission);

    /// <summary>Whether the member may use a project of the selected organization.</summary>
    public bool MayUse(Guid projectId) => Projects.Any(project => project.Id == projectId);

    public async Task LoadAsync(AccountsDb db, ClaimsPrincipal session, CancellationToken cancellationToken)
    {
        if (!Guid.TryParse(session.FindFirstValue(ClaimTypes.NameIdentifier), out var userId))
        {
            return;
        }

        var user = await db.Users.Where(one => one.Id == userId).Select(
            one => new { one.Email, one.IsOperator, one.LeavesAt, one.TimeZone })
            .SingleOrDefaultAsync(cancellationToken);
        if (user is null)
        {
            return;
        }

        (UserId, Email, IsOperator, IsSignedIn) = (userId, user.Email!, user.IsOperator, true);
        (LeavesAt, TimeZone) = (user.LeavesAt, user.TimeZone);
        var memberships = await (
            from membership in db.Memberships
            where membership.UserId == userId
            join organization in db.Organizations on membership.OrganizationId equals organization.Id
            join rules in db.OrganizationRules on organization.Id equals rules.OrganizationId
            join role in db.CustomRoles on membership.CustomRoleId equals (Guid?)role.Id into roles
            from custom in roles.DefaultIfEmpty()
            orderby membership.JoinedAt, organization.Id
            select new { organization.Id, organization.Name, membership.Role, rules.Suspended, rules.ClosesAt, Custom = custom })
            .AsNoTracking().ToListAsync(cancellationToken);
        Organizations = [.. memberships.Select(one => new WorkspaceOrganization(one.Id, one.Name, RoleOffer.NameOf(one.Role, one.Custom)))];
        if (memberships.Count == 0)
        {
            return;
        }

        var chosen = IdOf(session, OrganizationClaim);
        var own = memberships.Find(one => one.Id == chosen) ?? memberships[0];
        (OrganizationId, OrganizationName, Role) = (own.Id, own.Name, own.Role);
        (Suspended, ClosesAt) = (own.Suspended, own.ClosesAt);
        (_permissions, RoleName) = (MemberRoles.PermissionsOf(own.Role, own.Custom), RoleOffer.NameOf(own.Role, own.Custom));
        await LoadProjectsAsync(db, IdOf(session, ProjectClaim), cancellationToken);
        IsLoaded = true;
    }

    private async Task LoadProjectsAsync(AccountsDb db, Guid? chosen, CancellationToken cancellationToken)
    {
        var (all, named) = (May(Permission.ManageProjects), db.ProjectMembers);
        Projects = await db.Projects
            .Where(project => project.OrganizationId == OrganizationId && project.ArchivedAt == null
                && (all || project.IsDefault
                    || named.Any(member => member.ProjectId == project.Id && member.UserId == UserId)))
            .OrderByDescending(project => project.IsDefault).ThenBy(project => project.Name).ThenBy(project => project.Id)
            .Select(project => new WorkspaceProject(project.Id, project.Name)).ToListAsync(cancellationToken);
        var own = Projects.FirstOrDefault(project => project.Id == chosen) ?? Projects[0];
        (ProjectId, ProjectName) = (own.Id, own.Name);
    }

    private static Guid? IdOf(ClaimsPrincipal session, string claim) =>
        Guid.TryParse(session.FindFirstValue(claim), out var id) ? id : null;
}

/// <summary>An organization of the signed-in user.</summary>
internal sealed record WorkspaceOrganization(Guid Id, string Name, string RoleName);

/// <summary>A project of the selected organization.</summary>
internal sealed record WorkspaceProject(Guid Id, string Name);
