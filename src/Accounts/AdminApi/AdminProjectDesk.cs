using Tollgate.Accounts.Organizations;
using Tollgate.Accounts.Projects;
using Tollgate.Contracts.Administration;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Accounts.AdminApi;

/// <summary><c>/v1/organization/projects</c>.</summary>
internal sealed class AdminProjectDesk(ProjectRegister register, AdminProjects projects, TimeProvider clock)
{
    private const string One = "/projects/{project}";

    public static void Map(AdminRoutesMap map) => map
        .Add<AdminProjectDesk>("GET", "/projects", (desk, call) => desk.ListAsync(call))
        .Add<AdminProjectDesk>("POST", "/projects", (desk, call) => desk.CreateAsync(call))
        .Add<AdminProjectDesk>("GET", One, async (desk, call) => Show(await desk.Projects.FindAsync(call)))
        .Add<AdminProjectDesk>("POST", One, (desk, call) => desk.ChangeAsync(call))
        .Add<AdminProjectDesk>("POST", $"{One}/archive", (desk, call) => desk.ArchiveAsync(call));

    private AdminProjects Projects => projects;

    private async Task<object> ListAsync(AdminCall call)
    {
        var query = call.List(["include_archived"]);
        var withArchived = query.FindBoolean("include_archived") == true;
        var found = await register.ListAsync(call.OrganizationId, call.Stop);
        return query.Page(
            [
                .. found.Where(project => withArchived || project.ArchivedAt is null)
                    .OrderBy(project => project.CreatedAt).ThenBy(project => project.Id).Select(Show),
            ],
            project => project.Id);
    }

    private async Task<object> CreateAsync(AdminCall call)
    {
        var body = call.Read<AdminProjectRequest>();
        body.Refuse("geography", "external_key_id");
        body.FindOneOf("residency", "GLOBAL");
        var id = Guid.CreateVersion7(clock.GetUtcNow());
        Refuse(await register.CreateAsync(call.OrganizationId, id, body.Name(), actorId: null, call.Stop));
        return Show((await register.FindAsync(call.OrganizationId, id, call.Stop))!);
    }

    private async Task<object> ChangeAsync(AdminCall call)
    {
        var body = call.Read<AdminProjectChange>();
        body.Refuse("geography", "external_key_id");
        var project = await projects.FindActiveAsync(call);
        if (body.FindName() is { } name)
        {
            Refuse(await register.RenameAsync(call.OrganizationId, project.Id, name, actorId: null, call.Stop));
        }

        return Show(await projects.FindAsync(call));
    }

    private async Task<object> ArchiveAsync(AdminCall call)
    {
        var project = await projects.FindAsync(call);
        if (project.IsDefault)
        {
            throw new AdminRefusal(OpenAiError.AdminConflict("default_project", "The default project cannot be archived."));
        }

        await register.ArchiveAsync(call.OrganizationId, project.Id, actorId: null, call.Stop);
        return Show(await projects.FindAsync(call));
    }

    private static void Refuse(ProjectChange change)
    {
        if (change != ProjectChange.Done)
        {
            throw new AdminRefusal(change == ProjectChange.NameTaken
                ? OpenAiError.AdminConflict("project_name_taken", "Another project of the organization has this name.")
                : OpenAiError.AdminConflict(
                    "too_many_projects", $"The organization has {ProjectRegister.Most} projects, as many as it may have. Archive one."));
        }
    }

    private static AdminProject Show(Project project) => new(
        AdminIds.Project.Of(project.Id), "organization.project", project.Name, project.CreatedAt.ToUnixTimeSeconds(),
        project.ArchivedAt?.ToUnixTimeSeconds(), project.ArchivedAt is null ? "active" : "archived");
}
