using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Keys;
using Tollgate.Accounts.Organizations;
using Tollgate.Contracts.Administration;
using Tollgate.Contracts.Keys;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Accounts.AdminApi;

/// <summary><c>/v1/organization/projects/{project}/service_accounts</c>.</summary>
internal sealed class AdminServiceAccountDesk(
    AccountsDb db, AdminProjects projects, ServiceAccountRegister accounts, KeyRegister keys, TimeProvider clock)
{
    private const string Path = "/projects/{project}/service_accounts";
    private const string Kind = "organization.project.service_account";

    public static void Map(AdminRoutesMap map) => map
        .Add<AdminServiceAccountDesk>("GET", Path, (desk, call) => desk.ListAsync(call))
        .Add<AdminServiceAccountDesk>("POST", Path, (desk, call) => desk.CreateAsync(call))
        .Add<AdminServiceAccountDesk>("GET", $"{Path}/{{account}}", async (desk, call) => Show(await desk.FindAsync(call)))
        .Add<AdminServiceAccountDesk>("POST", $"{Path}/{{account}}", (desk, call) => desk.ChangeAsync(call))
        .Add<AdminServiceAccountDesk>("DELETE", $"{Path}/{{account}}", (desk, call) => desk.DeleteAsync(call))
        .Add<AdminServiceAccountDesk>("POST", $"{Path}/{{account}}/api_keys", (desk, call) => desk.CreateKeyAsync(call));

    /// <summary>The role of an account as OpenAI names it: <c>none</c> may call no model.</summary>
    public static string RoleOf(ServiceAccount account) => account.Role == MemberRole.Reader ? "none" : "member";

    private async Task<object> ListAsync(AdminCall call)
    {
        var query = call.List();
        var project = await projects.FindAsync(call);
        var found = await accounts.ListAsync(call.OrganizationId, project.Id, call.Stop);
        return query.Page([.. found.Select(Show)], account => account.Id);
    }

    private async Task<object> CreateAsync(AdminCall call)
    {
        var body = call.Read<AdminServiceAccountRequest>();
        var (name, expires) = (body.Name(), body.FindExpiry(clock));
        var withoutKey = body.FindBoolean("create_service_account_only") == true;
        var project = await projects.FindActiveAsync(call);
        var account = await accounts.CreateAsync(
                call.OrganizationId, project.Id, Guid.CreateVersion7(clock.GetUtcNow()), name, MemberRole.Developer, call.OwnerId,
                call.Stop)
            ?? throw new AdminRefusal(OpenAiError.AdminConflict(
                "too_many_service_accounts",
                $"The project has {ServiceAccountRegister.Most} service accounts, as many as it may have. Delete one."));
        var key = withoutKey ? null : await IssueAsync(call, account, name, KeyAccess.All with { ExpiresAt = expires });
        return new AdminNewServiceAccount(
            AdminIds.Account.Of(account.Id), Kind, account.Name, RoleOf(account), account.CreatedAt.ToUnixTimeSeconds(), key);
    }

    private async Task<object> ChangeAsync(AdminCall call)
    {
        var body = call.Read<AdminServiceAccountChange>();
        var name = body.FindName();
        await projects.FindActiveAsync(call);
        var account = await FindAsync(call);
        if (body.FindOneOf("role", "member", AdminRoles.Owner) is { } role && role != RoleOf(account))
        {
            throw body.Wrong("role", $"'{RoleOf(account)}', the role that the account has");
        }

        if (name is not null)
        {
            await accounts.RenameAsync(call.OrganizationId, account.ProjectId, account.Id, name, call.OwnerId, call.Stop);
        }

        return Show(await FindAsync(call));
    }

    private async Task<object> DeleteAsync(AdminCall call)
    {
        var project = await projects.FindAsync(call);
        var id = call.Id("account", AdminIds.Account);
        if (!await accounts.DeleteAsync(call.OrganizationId, project.Id, id, call.OwnerId, call.Stop)
            && !await db.ServiceAccounts.AnyAsync( // One that was deleted before is answered as then.
                one => one.OrganizationId == call.OrganizationId && one.ProjectId == project.Id && one.Id == id, call.Stop))
        {
            throw AdminRefusal.NotFound(AdminIds.Account, call.Text("account"));
        }

        return new AdminDeleted($"{Kind}.deleted", true) { Id = AdminIds.Account.Of(id) };
    }

    private async Task<object> CreateKeyAsync(AdminCall call)
    {
        var body = call.Read<AdminServiceKeyRequest>();
        var access = KeyAccess.All with { ExpiresAt = body.FindExpiry(clock), Scopes = AdminProjectKeyDesk.ScopesOf(body) };
        await projects.FindActiveAsync(call);
        var account = await FindAsync(call);
        return await IssueAsync(call, account, body.FindName() ?? account.Name, access);
    }

    private async Task<AdminServiceKey> IssueAsync(AdminCall call, ServiceAccount account, string name, KeyAccess access)
    {
        var order = new KeyOrder(
            Guid.CreateVersion7(clock.GetUtcNow()), call.OrganizationId, account.ProjectId, name, Limits.None, access, call.OwnerId)
        {
            ServiceAccountId = account.Id,
        };
        return await keys.CreateAsync(order, call.Stop) switch
        {
            KeyCreation.Issued issued => new AdminServiceKey(
                AdminIds.Key.Of(issued.Key.Id), $"{Kind}.api_key", name, issued.Text, issued.Key.CreatedAt.ToUnixTimeSeconds(),
                issued.Key.ExpiresAt?.ToUnixTimeSeconds()),
            KeyCreation.TooMany => throw new AdminRefusal(OpenAiError.AdminConflict(
                "too_many_api_keys", $"The organization has {keys.MostKeys} keys, as many as it may have. Revoke one.")),
            KeyCreation.Refused { Why: var why } => throw new AdminRefusal(OpenAiError.AdminConflict("key_refused", why)),
            _ => throw new AdminRefusal(OpenAiError.AdminForbidden("The owner of this admin key may not make keys.")),
        };
    }

    private async Task<ServiceAccount> FindAsync(AdminCall call) =>
        await accounts.FindAsync(
            call.OrganizationId, call.Id("project", AdminIds.Project), call.Id("account", AdminIds.Account), call.Stop)
        ?? throw AdminRefusal.NotFound(AdminIds.Account, call.Text("account"));

    private static AdminServiceAccount Show(ServiceAccount account) => new(
        AdminIds.Account.Of(account.Id), Kind, account.Name, RoleOf(account), account.CreatedAt.ToUnixTimeSeconds());
}
