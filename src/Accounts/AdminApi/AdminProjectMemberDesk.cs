using Tollgate.Accounts.Members;
using Tollgate.Accounts.Organizations;
using Tollgate.Accounts.Projects;
using Tollgate.Contracts.Administration;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Accounts.AdminApi;

/// <summary><c>/v1/organization/projects/{project}/users</c>: who may use a project.</summary>
internal sealed class AdminProjectMemberDesk(AdminProjects projects, ProjectRegister register, MemberRegister members)
{
    private const string Users = "/projects/{project}/users";

    public static void Map(AdminRoutesMap map) => map
        .Add<AdminProjectMemberDesk>("GET", Users, (desk, call) => desk.ListAsync(call))
        .Add<AdminProjectMemberDesk>("POST", Users, (desk, call) => desk.AddAsync(call))
        .Add<AdminProjectMemberDesk>("GET", $"{Users}/{{user}}", (desk, call) => desk.ShowAsync(call))
        .Add<AdminProjectMemberDesk>("POST", $"{Users}/{{user}}", (desk, call) => desk.ChangeAsync(call))
        .Add<AdminProjectMemberDesk>("DELETE", $"{Users}/{{user}}", (desk, call) => desk.RemoveAsync(call));

    private async Task<object> ListAsync(AdminCall call)
    {
        var query = call.List();
        var users = await projects.UsersAsync(call, await projects.FindAsync(call));
        return query.Page([.. users.Select(Show)], user => user.Id);
    }

    private async Task<object> AddAsync(AdminCall call)
    {
        var body = call.Read<AdminProjectUserRequest>();
        var role = body.OneOf("role", AdminRoles.Owner, "member");
        var project = await projects.FindActiveAsync(call);
        var member = await FindMemberAsync(call, body);
        var owns = MemberRoles.PermissionsOf(member.Role, member.Custom).Contains(Permission.ManageProjects);
        if (role != RoleOf(owns))
        {
            throw WrongRole(body, RoleOf(owns));
        }

        await register.AddMemberAsync(call.OrganizationId, project.Id, member.UserId, actorId: null, call.Stop);
        return Show((await projects.UsersAsync(call, project)).First(user => user.UserId == member.UserId));
    }

    private async Task<object> ShowAsync(AdminCall call) => Show(await FindAsync(call, await projects.FindAsync(call)));

    private async Task<object> ChangeAsync(AdminCall call)
    {
        var body = call.Read<AdminProjectUserChange>();
        var user = await FindAsync(call, await projects.FindActiveAsync(call));
        return body.FindOneOf("role", AdminRoles.Owner, "member") is { } role && role != user.Role
            ? throw WrongRole(body, user.Role) : Show(user);
    }

    private async Task<object> RemoveAsync(AdminCall call)
    {
        var project = await projects.FindActiveAsync(call);
        var id = call.Id("user", AdminIds.User);
        if ((await projects.UsersAsync(call, project)).FirstOrDefault(user => user.UserId == id) is { } user)
        {
            if (!user.IsNamed) // The project of everybody, or a role that manages all projects.
            {
                throw new AdminRefusal(project.IsDefault
                    ? OpenAiError.AdminConflict("default_project", "Every member of the organization may use the default project.")
                    : OpenAiError.AdminConflict("manages_projects", "The member's role manages all projects. Change the role instead."));
            }

            await register.RemoveMemberAsync(call.OrganizationId, project.Id, id, actorId: null, call.Stop);
        }

        return new AdminDeleted("organization.project.user.deleted", true) { Id = AdminIds.User.Of(id) };
    }

    private async Task<Member> FindMemberAsync(AdminCall call, AdminMembers body)
    {
        if (body.Has("user_id") == body.Has("email"))
        {
            throw body.Has("email") ? body.Wrong("email", "one of user_id and email") : body.Missing("user_id");
        }

        if (body.Has("user_id"))
        {
            var id = body.Id("user_id", AdminIds.User);
            return await members.FindAsync(call.OrganizationId, id, call.Stop)
                ?? throw AdminRefusal.NotFound(AdminIds.User, AdminIds.User.Of(id));
        }

        var email = body.Text("email", 256);
        return (await members.ListAsync(call.OrganizationId, call.Stop)).Find(
                member => string.Equals(member.Email, email, StringComparison.OrdinalIgnoreCase))
            ?? throw AdminRefusal.NotFound(AdminIds.User, email);
    }

    private async Task<ProjectMemberView> FindAsync(AdminCall call, Project project)
    {
        var id = call.Id("user", AdminIds.User);
        return (await projects.UsersAsync(call, project)).FirstOrDefault(user => user.UserId == id)
            ?? throw AdminRefusal.NotFound(AdminIds.User, call.Text("user"));
    }

    private static string RoleOf(bool ownsProject) => ownsProject ? AdminRoles.Owner : "member";

    private static AdminRefusal WrongRole(AdminMembers body, string role) =>
        body.Wrong("role", $"'{role}', as the role in a project follows from that in the organization");

    private static AdminProjectUser Show(ProjectMemberView user) => new(
        AdminIds.User.Of(user.UserId), "organization.project.user", user.Role, user.AddedAt.ToUnixTimeSeconds(), user.Email,
        AdminUserDesk.NameOf(user.Email));
}
