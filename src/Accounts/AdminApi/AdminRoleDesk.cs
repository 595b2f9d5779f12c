using Tollgate.Accounts.Database;
using Tollgate.Accounts.OrganizationSettings;
using Tollgate.Accounts.Organizations;
using Tollgate.Contracts.Administration;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Accounts.AdminApi;

/// <summary><c>/v1/organization/roles</c>: the predefined roles, and the organization's own.</summary>
internal sealed class AdminRoleDesk(AccountsDb db, OrganizationDesk organizations, TimeProvider clock)
{
    /// <summary>Characters of a role's name.</summary>
    private const int LongestName = 50;

    public static void Map(AdminRoutesMap map) => map
        .Add<AdminRoleDesk>("GET", "/roles", (desk, call) => desk.ListAsync(call))
        .Add<AdminRoleDesk>("POST", "/roles", (desk, call) => desk.CreateAsync(call))
        .Add<AdminRoleDesk>("GET", "/roles/{role}", (desk, call) => desk.ShowAsync(call))
        .Add<AdminRoleDesk>("POST", "/roles/{role}", (desk, call) => desk.ChangeAsync(call))
        .Add<AdminRoleDesk>("DELETE", "/roles/{role}", (desk, call) => desk.DeleteAsync(call));

    private async Task<object> ListAsync(AdminCall call)
    {
        var query = call.List();
        var own = await db.CustomRolesAsync(call.OrganizationId, call.Stop);
        AdminRole[] newestFirst =
        [
            .. AdminRoles.Predefined,
            .. own.OrderByDescending(role => role.CreatedAt).ThenByDescending(role => role.Id).Select(AdminRoles.Show),
        ];
        Array.Reverse(newestFirst);
        return query.CursorPage(newestFirst, role => role.Id);
    }

    private async Task<object> CreateAsync(AdminCall call)
    {
        var body = call.Read<AdminRoleRequest>();
        body.Refuse("description");
        var id = Guid.CreateVersion7(clock.GetUtcNow());
        Refuse(
            await organizations.SaveRoleAsync(
                call.OrganizationId, actorId: null, id, body.Text("role_name", LongestName),
                PermissionsOf(body) ?? throw body.Missing("permissions"), call.Stop),
            AdminIds.Role.Of(id));
        return AdminRoles.Show((await db.CustomRoleAsync(call.OrganizationId, id, call.Stop))!);
    }

    private async Task<object> ShowAsync(AdminCall call) =>
        AdminRoles.Predefined.FirstOrDefault(role => role.Id == call.Text("role")) ?? AdminRoles.Show(await FindAsync(call));

    private async Task<object> ChangeAsync(AdminCall call)
    {
        var body = call.Read<AdminRoleChange>();
        body.Refuse("description");
        RefusePredefined(call);
        var role = await FindAsync(call);
        var name = body.FindText("role_name", LongestName) ?? role.Name;
        IEnumerable<Permission> wanted = PermissionsOf(body) is { } named ? named : role.Granted;
        var permissions = wanted.ToHashSet();
        if (name != role.Name || !permissions.SetEquals(role.Granted))
        {
            Refuse(
                await organizations.SaveRoleAsync(call.OrganizationId, actorId: null, role.Id, name, permissions, call.Stop),
                call.Text("role"));
        }

        return AdminRoles.Show(await FindAsync(call));
    }

    private async Task<object> DeleteAsync(AdminCall call)
    {
        RefusePredefined(call);
        var id = call.Id("role", AdminIds.Role);
        Refuse(await organizations.DeleteRoleAsync(call.OrganizationId, actorId: null, id, call.Stop), call.Text("role"));
        return new AdminDeleted("role.deleted", true) { Id = AdminIds.Role.Of(id) };
    }

    private async Task<CustomRole> FindAsync(AdminCall call) =>
        await db.CustomRoleAsync(call.OrganizationId, call.Id("role", AdminIds.Role), call.Stop)
        ?? throw AdminRefusal.NotFound(AdminIds.Role, call.Text("role"));

    /// <summary>Those in a body, and the one that every role has; null where it names none.</summary>
    private static HashSet<Permission>? PermissionsOf(AdminMembers body)
    {
        var named = body.FindTexts("permissions", AdminRoles.PermissionNames.Count);
        return named?.FirstOrDefault(name => AdminRoles.FindPermission(name) is null) is not null
            ? throw body.Wrong("permissions", $"some of {string.Join(", ", AdminRoles.PermissionNames)}")
            : named?.Select(name => AdminRoles.FindPermission(name)!.Value).Append(Permission.ReadOrganization).ToHashSet();
    }

    private static void RefusePredefined(AdminCall call)
    {
        if (AdminRoles.Predefined.Any(role => role.Id == call.Text("role")))
        {
            throw new AdminRefusal(OpenAiError.AdminConflict("predefined_role", "A predefined role cannot be changed."));
        }
    }

    private static void Refuse(OrganizationChange change, string id)
    {
        if (change != OrganizationChange.Done)
        {
            throw change switch
            {
                OrganizationChange.NotFound => AdminRefusal.NotFound(AdminIds.Role, id),
                OrganizationChange.NameTaken => new AdminRefusal(OpenAiError.AdminConflict("role_name_taken", change.Text())),
                OrganizationChange.InUse => new AdminRefusal(OpenAiError.AdminConflict("role_in_use", change.Text())),
                OrganizationChange.TooMany => new AdminRefusal(OpenAiError.AdminConflict("too_many_roles", change.Text())),
                _ => new AdminRefusal(OpenAiError.AdminForbidden(change.Text())),
            };
        }
    }
}
