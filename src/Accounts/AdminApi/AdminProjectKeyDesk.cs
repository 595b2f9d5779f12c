using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Keys;
using Tollgate.Accounts.Organizations;
using Tollgate.Contracts.Administration;
using Tollgate.Contracts.Keys;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Accounts.AdminApi;

/// <summary><c>/v1/organization/projects/{project}/api_keys</c>: keys of a project that are not revoked.</summary>
internal sealed class AdminProjectKeyDesk(AccountsDb db, AdminProjects projects, KeyRegister keys, TimeProvider clock)
{
    private const string Path = "/projects/{project}/api_keys";
    private const string Kind = "organization.project.api_key";
    private const string ReadOnly = "api.all.read";

    public static void Map(AdminRoutesMap map) => map
        .Add<AdminProjectKeyDesk>("GET", Path, (desk, call) => desk.ListAsync(call))
        .Add<AdminProjectKeyDesk>("GET", $"{Path}/{{key}}", (desk, call) => desk.ShowAsync(call))
        .Add<AdminProjectKeyDesk>("POST", $"{Path}/{{key}}", (desk, call) => desk.ChangeAsync(call))
        .Add<AdminProjectKeyDesk>("DELETE", $"{Path}/{{key}}", (desk, call) => desk.RevokeAsync(call));

    /// <summary>Endpoints as a body names them; null for all.</summary>
    public static string[]? ScopesOf(AdminMembers body)
    {
        var known = PublicEndpoint.All.Select(endpoint => endpoint.Scope).ToArray();
        var named = body.FindTexts("scopes", known.Length);
        if (named is [ReadOnly])
        {
            return [PublicEndpoint.Models.Scope];
        }

        return named?.FirstOrDefault(scope => !known.Contains(scope)) is null
            ? named is null or [] ? null : named : throw body.Wrong("scopes", $"some of {string.Join(", ", known)}, or none for all");
    }

    private async Task<object> ListAsync(AdminCall call)
    {
        var query = call.List(["owner_project_access"]);
        var access = query.FindOneOf("owner_project_access", "active", "inactive", "any");
        var project = await projects.FindAsync(call);
        var shown = await ShowAsync(call, project, Active(call, project));
        return query.Page([.. shown.Where(key => access is null or "any" || key.OwnerProjectAccess == access)], key => key.Id);
    }

    private async Task<object> ShowAsync(AdminCall call)
    {
        var project = await projects.FindAsync(call);
        return await FindAsync(call, project) ?? throw AdminRefusal.NotFound(AdminIds.Key, call.Text("key"));
    }

    private async Task<object> ChangeAsync(AdminCall call)
    {
        var body = call.Read<AdminProjectKeyChange>();
        var project = await projects.FindActiveAsync(call);
        var id = call.Id("key", AdminIds.Key);
        var key = await Active(call, project).SingleOrDefaultAsync(one => one.Id == id, call.Stop)
            ?? throw AdminRefusal.NotFound(AdminIds.Key, call.Text("key"));
        if (key.ExpiresAt <= clock.GetUtcNow())
        {
            throw new AdminRefusal(OpenAiError.AdminConflict("expired_api_key", "The key has expired and cannot be changed."));
        }

        var access = key.Access with
        {
            ExpiresAt = body.FindExpiry(clock) ?? key.ExpiresAt,
            Scopes = body.Has("scopes") ? ScopesOf(body) : key.Scopes,
        };
        await keys.ChangeSettingsAsync(call.OrganizationId, key.Id, call.OwnerId, access, key.Limits, call.Stop);
        return await ShowAsync(call);
    }

    private async Task<object> RevokeAsync(AdminCall call)
    {
        var project = await projects.FindAsync(call);
        var id = call.Id("key", AdminIds.Key);
        if (!await db.ApiKeys.AnyAsync(
            key => key.OrganizationId == call.OrganizationId && key.ProjectId == project.Id && key.Id == id, call.Stop))
        {
            throw AdminRefusal.NotFound(AdminIds.Key, call.Text("key"));
        }

        await keys.RevokeAsync(call.OrganizationId, id, call.OwnerId, call.Stop);
        return new AdminDeleted($"{Kind}.deleted", true) { Id = AdminIds.Key.Of(id) };
    }

    private IQueryable<ApiKey> Active(AdminCall call, Project project) => db.ApiKeys.AsNoTracking().Where(
        key => key.OrganizationId == call.OrganizationId && key.ProjectId == project.Id && key.State != KeyState.Revoked);

    private async Task<AdminProjectKey?> FindAsync(AdminCall call, Project project)
    {
        var id = call.Id("key", AdminIds.Key);
        return (await ShowAsync(call, project, Active(call, project).Where(key => key.Id == id))).SingleOrDefault();
    }

    /// <summary>Keys with their owners and uses, the oldest first.</summary>
    private async Task<List<AdminProjectKey>> ShowAsync(AdminCall call, Project project, IQueryable<ApiKey> found)
    {
        var rows = await (
            from key in found
            join user in db.Users on key.OwnerId equals (Guid?)user.Id into people
            from owner in people.DefaultIfEmpty()
            join account in db.ServiceAccounts on key.ServiceAccountId equals (Guid?)account.Id into accounts
            from program in accounts.DefaultIfEmpty()
            join use in db.KeyLastUses on key.Id equals use.KeyId into uses
            from last in uses.DefaultIfEmpty()
            orderby key.CreatedAt, key.Id
            select new { Key = key, Owner = owner, Program = program, LastUsedAt = (DateTimeOffset?)last.LastUsedAt })
            .ToListAsync(call.Stop);
        var users = await projects.UsersAsync(call, project);
        return
        [
            .. rows.Select(row => new AdminProjectKey(
                AdminIds.Key.Of(row.Key.Id), Kind, row.Key.Name, $"{ApiKeyText.Prefix}{row.Key.PublicId}-…",
                row.Key.CreatedAt.ToUnixTimeSeconds(), row.LastUsedAt?.ToUnixTimeSeconds(), row.Key.ExpiresAt?.ToUnixTimeSeconds(),
                row.Owner is not null
                    ? new AdminKeyOwner
                    {
                        Type = "user",
                        User = new AdminKeyUser(
                            AdminIds.User.Of(row.Owner.Id), row.Owner.Email!, AdminUserDesk.NameOf(row.Owner.Email!),
                            row.Owner.CreatedAt.ToUnixTimeSeconds(), RoleOf(row.Owner.Id)),
                    }
                    : row.Program is not null
                        ? new AdminKeyOwner
                        {
                            Type = "service_account",
                            ServiceAccount = new AdminKeyAccount(
                                AdminIds.Account.Of(row.Program.Id), row.Program.Name, row.Program.CreatedAt.ToUnixTimeSeconds(),
                                AdminServiceAccountDesk.RoleOf(row.Program)),
                        }
                        : new AdminKeyOwner(),
                row.Owner is null || users.Any(user => user.UserId == row.Owner.Id) ? "active" : "inactive")),
        ];

        string RoleOf(Guid userId) => users.FirstOrDefault(user => user.UserId == userId)?.Role ?? "member";
    }
}
