using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Organizations;
using Tollgate.Accounts.Records;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Accounts.AdminApi;

/// <summary>Finds and changes the project in a path.</summary>
internal sealed class AdminProjects(AccountsDb db, PolicyRegister policies)
{
    /// <summary>The project in the path, an archived one too.</summary>
    /// <exception cref="AdminRefusal">404: the organization has no such project.</exception>
    public async Task<Project> FindAsync(AdminCall call) =>
        await FindAsync(call, call.Id("project", AdminIds.Project)) ?? throw AdminRefusal.NotFound(AdminIds.Project, call.Text("project"));

    /// <summary>A project of the organization; null for another one's.</summary>
    public Task<Project?> FindAsync(AdminCall call, Guid projectId) => db.Projects.AsNoTracking()
        .SingleOrDefaultAsync(one => one.OrganizationId == call.OrganizationId && one.Id == projectId, call.Stop);

    /// <summary>The project in the path, for a change of it.</summary>
    /// <exception cref="AdminRefusal">404, or 409 for an archived one.</exception>
    public async Task<Project> FindActiveAsync(AdminCall call)
    {
        var project = await FindAsync(call);
        return project.ArchivedAt is null ? project : throw new AdminRefusal(OpenAiError.AdminConflict(
            "project_archived", $"The project '{OpenAiError.Shorten(project.Name)}' is archived and cannot be changed."));
    }

    /// <summary>Changes what gateways know of a project.</summary>
    /// <param name="change">Returns false when nothing changes.</param>
    /// <exception cref="AdminRefusal">409: it is archived.</exception>
    public async Task ChangeAsync(AdminCall call, Project project, string action, Func<Project, bool> change)
    {
        if (project.ArchivedAt is not null)
        {
            await FindActiveAsync(call);
        }

        if (await policies.ChangeProjectAsync(call.OrganizationId, project.Id, actorId: null, action, change, call.Stop)
            == RecordChange.NotFound)
        {
            throw AdminRefusal.NotFound(AdminIds.Project, call.Text("project"));
        }
    }
}
