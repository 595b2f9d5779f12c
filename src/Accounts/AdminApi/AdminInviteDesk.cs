using System.ComponentModel.DataAnnotations;
using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Invitations;
using Tollgate.Accounts.Organizations;
using Tollgate.Contracts.Administration;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Accounts.AdminApi;

/// <summary><c>/v1/organization/invites</c>.</summary>
internal sealed class AdminInviteDesk(AccountsDb db, InvitationRegister invitations, TimeProvider clock)
{
    private const string Member = "member";
    private static readonly EmailAddressAttribute Addresses = new();

    public static void Map(AdminRoutesMap map) => map
        .Add<AdminInviteDesk>("GET", "/invites", (desk, call) => desk.ListAsync(call))
        .Add<AdminInviteDesk>("POST", "/invites", (desk, call) => desk.CreateAsync(call))
        .Add<AdminInviteDesk>("GET", "/invites/{invite}", (desk, call) => desk.ShowAsync(call))
        .Add<AdminInviteDesk>("DELETE", "/invites/{invite}", (desk, call) => desk.WithdrawAsync(call));

    private async Task<object> ListAsync(AdminCall call)
    {
        var query = call.List();
        var found = await db.Invitations.AsNoTracking()
            .Where(one => one.OrganizationId == call.OrganizationId && one.RevokedAt == null)
            .OrderBy(one => one.CreatedAt).ThenBy(one => one.Id).ToListAsync(call.Stop);
        var projects = await ProjectsAsync(call, found);
        return query.Page([.. found.Select(one => Show(one, projects[one.Id]))], invite => invite.Id);
    }

    private async Task<object> CreateAsync(AdminCall call)
    {
        var body = call.Read<AdminInviteRequest>();
        var email = body.Text("email", 256);
        if (!Addresses.IsValid(email))
        {
            throw body.Wrong("email", "an e-mail address");
        }

        var isOwner = body.OneOf("role", AdminRoles.Owner, AdminRoles.Reader) == AdminRoles.Owner;
        var projects = await ReadProjectsAsync(call, body, isOwner);
        var role = isOwner ? MemberRole.Owner : projects.Length > 0 ? MemberRole.Developer : MemberRole.Reader;
        var outcome = await invitations.InviteAsync(
            call.OrganizationId, actorId: null, email, new RoleChoice(role), call.Stop, projects);
        return outcome switch
        {
            InvitationOutcome.Done { Invitation: var made } => Show(made, projects),
            InvitationOutcome.AlreadyMember => throw new AdminRefusal(
                OpenAiError.AdminConflict("already_member", $"{OpenAiError.Shorten(email)} is a member of the organization.")),
            InvitationOutcome.AlreadyInvited { InvitationId: var id } => throw new AdminRefusal(OpenAiError.AdminConflict(
                "already_invited", $"{OpenAiError.Shorten(email)} has the open invitation {AdminIds.Invite.Of(id)}. Delete it first.")),
            InvitationOutcome.TooMany { Wait: var wait } => throw new AdminRefusal(OpenAiError.TooManyInvitations(wait)),
            _ => throw new AdminRefusal(OpenAiError.AdminForbidden("The organization does not allow this invitation.")),
        };
    }

    private async Task<object> ShowAsync(AdminCall call)
    {
        var found = await FindAsync(call);
        return Show(found, (await ProjectsAsync(call, [found]))[found.Id]);
    }

    private async Task<object> WithdrawAsync(AdminCall call)
    {
        var id = call.Id("invite", AdminIds.Invite);
        if (await invitations.FindAsync(call.OrganizationId, id, call.Stop) is not { } found)
        {
            throw AdminRefusal.NotFound(AdminIds.Invite, call.Text("invite"));
        }

        if (found.AcceptedAt is not null)
        {
            throw new AdminRefusal(OpenAiError.AdminConflict("invite_accepted", "The invitation is accepted. Remove the member instead."));
        }

        if (found.RevokedAt is null)
        {
            await invitations.RevokeAsync(call.OrganizationId, actorId: null, id, call.Stop);
        }

        return new AdminDeleted("organization.invite.deleted", true) { Id = AdminIds.Invite.Of(id) };
    }

    private async Task<Invitation> FindAsync(AdminCall call) =>
        await invitations.FindAsync(call.OrganizationId, call.Id("invite", AdminIds.Invite), call.Stop) is { RevokedAt: null } found
            ? found : throw AdminRefusal.NotFound(AdminIds.Invite, call.Text("invite"));

    private async Task<Guid[]> ReadProjectsAsync(AdminCall call, AdminMembers body, bool isOwner)
    {
        var named = body.FindObjects("projects", 100, AdminBody.NamesOf<AdminInviteProject>());
        foreach (var one in named)
        {
            if (one.OneOf("role", Member, AdminRoles.Owner) == AdminRoles.Owner && !isOwner)
            {
                throw one.Wrong("role", "'member': only owners of the organization own projects");
            }
        }

        Guid[] ids = [.. named.Select(one => one.Id("id", AdminIds.Project)).Distinct()];
        var known = await db.Projects.Where(
                project => project.OrganizationId == call.OrganizationId && ids.Contains(project.Id) && project.ArchivedAt == null)
            .Select(project => project.Id).ToListAsync(call.Stop);
        return ids.FirstOrDefault(id => !known.Contains(id)) is var missing && missing != Guid.Empty
            ? throw AdminRefusal.NotFound(AdminIds.Project, AdminIds.Project.Of(missing)) : ids;
    }

    private async Task<ILookup<Guid, Guid>> ProjectsAsync(AdminCall call, IReadOnlyList<Invitation> found)
    {
        Guid[] ids = [.. found.Select(one => one.Id)];
        var rows = await db.InvitationProjects.AsNoTracking().Where(one => ids.Contains(one.InvitationId)).ToListAsync(call.Stop);
        return rows.ToLookup(one => one.InvitationId, one => one.ProjectId);
    }

    private AdminInvite Show(Invitation one, IEnumerable<Guid> projects) => new(
        AdminIds.Invite.Of(one.Id), "organization.invite", one.Email, AdminRoles.NameOf(one.Role),
        one.AcceptedAt is not null ? "accepted" : one.ExpiresAt <= clock.GetUtcNow() ? "expired" : "pending",
        one.CreatedAt.ToUnixTimeSeconds(), one.ExpiresAt.ToUnixTimeSeconds(), one.AcceptedAt?.ToUnixTimeSeconds(),
        [.. projects.Select(id => new AdminInviteProject(
            AdminIds.Project.Of(id), one.Role == MemberRole.Owner ? AdminRoles.Owner : Member))]);
}
