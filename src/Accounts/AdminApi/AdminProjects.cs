using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Organizations;
using Tollgate.Accounts.Projects;
using Tollgate.Accounts.Records;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Accounts.AdminApi;

/// <summary>Finds and changes the project in a path.</summary>
internal sealed class AdminProjects(AccountsDb db, ProjectRegister projects, PolicyRegister policies)
{
    /// <summary>The project in the path, an archived one too.</summary>
    /// <exception cref="AdminRefusal">404: the organization has no such project.</exception>
    public async Task<Project> FindAsync(AdminCall call) =>
        await projects.FindAsync(call.OrganizationId, call.Id("project", AdminIds.Project), call.Stop)
        ?? throw AdminRefusal.NotFound(AdminIds.Project, call.Text("project"));

    /// <summary>The project in the path, for a change of it.</summary>
    /// <exception cref="AdminRefusal">404, or 409 for an archived one.</exception>
    public async Task<Project> FindActiveAsync(AdminCall call)
    {
        var project = await FindAsync(call);
        return project.ArchivedAt is null ? project : throw Archived(project);
    }

    /// <summary>Changes what gateways know of a project.</summary>
    /// <param name="change">Returns false when nothing changes.</param>
    /// <exception cref="AdminRefusal">409: it is archived.</exception>
    public async Task ChangeAsync(AdminCall call, Project project, string action, Func<Project, bool> change)
    {
        if (project.ArchivedAt is not null)
        {
            throw Archived(project);
        }

        if (await policies.ChangeProjectAsync(call.OrganizationId, project.Id, actorId: null, action, change, call.Stop)
            == RecordChange.NotFound)
        {
            throw AdminRefusal.NotFound(AdminIds.Project, call.Text("project"));
        }
    }

    /// <summary>Members of a project, those who joined first at the front: those that it names, and those who manage all projects.
    /// </summary>
    public async Task<IReadOnlyList<ProjectMemberView>> UsersAsync(AdminCall call, Project project)
    {
        var users = await projects.ListMembersAsync(call.OrganizationId, project.Id, call.Stop);
        var added = await db.ProjectMembers.AsNoTracking().Where(one => one.ProjectId == project.Id)
            .ToDictionaryAsync(one => one.UserId, one => one.AddedAt, call.Stop);
        var joined = await db.Memberships.AsNoTracking().Where(one => one.OrganizationId == call.OrganizationId)
            .ToDictionaryAsync(one => one.UserId, one => one.JoinedAt, call.Stop);
        return
        [
            .. users.Where(user => project.IsDefault || user.IsNamed || user.UsesAll)
                .Select(user => new ProjectMemberView(
                    user.UserId, user.Email, user.UsesAll, user.IsNamed,
                    added.TryGetValue(user.UserId, out var at) ? at : joined.GetValueOrDefault(user.UserId)))
                .OrderBy(user => user.AddedAt).ThenBy(user => user.UserId),
        ];
    }

    private static AdminRefusal Archived(Project project) => new(OpenAiError.AdminConflict(
        "project_archived", $"The project '{OpenAiError.Shorten(project.Name)}' is archived and cannot be changed."));
}

/// <summary>A member of a project.</summary>
/// <param name="OwnsProject">Whether the member's role manages all projects, which OpenAI's API calls an owner.</param>
/// <param name="IsNamed">Whether the project names the member.</param>
internal sealed record ProjectMemberView(Guid UserId, string Email, bool OwnsProject, bool IsNamed, DateTimeOffset AddedAt)
{
    /// <summary><c>owner</c> or <c>member</c>.</summary>
    public string Role => OwnsProject ? AdminRoles.Owner : "member";
}
