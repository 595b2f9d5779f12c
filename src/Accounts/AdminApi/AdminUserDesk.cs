using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Keys;
using Tollgate.Accounts.Members;
using Tollgate.Accounts.Organizations;
using Tollgate.Contracts.Administration;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Accounts.AdminApi;

/// <summary><c>/v1/organization/users</c>: the members of the organization and their roles.</summary>
internal sealed class AdminUserDesk(AccountsDb db, MemberRegister members)
{
    public static void Map(AdminRoutesMap map) => map
        .Add<AdminUserDesk>("GET", "/users", (desk, call) => desk.ListAsync(call))
        .Add<AdminUserDesk>("GET", "/users/{user}", async (desk, call) => await desk.ShowAsync(call))
        .Add<AdminUserDesk>("POST", "/users/{user}", (desk, call) => desk.ChangeAsync(call))
        .Add<AdminUserDesk>("DELETE", "/users/{user}", (desk, call) => desk.RemoveAsync(call))
        .Add<AdminUserDesk>("GET", "/users/{user}/roles", (desk, call) => desk.ListRolesAsync(call))
        .Add<AdminUserDesk>("POST", "/users/{user}/roles", (desk, call) => desk.GiveRoleAsync(call))
        .Add<AdminUserDesk>("GET", "/users/{user}/roles/{role}", (desk, call) => desk.ShowRoleAsync(call))
        .Add<AdminUserDesk>("DELETE", "/users/{user}/roles/{role}", (desk, call) => desk.TakeRoleAsync(call));

    /// <summary>The part of an address before the @: people have no other name here.</summary>
    public static string NameOf(string email) => email[..email.IndexOf('@', StringComparison.Ordinal)];

    private async Task<object> ListAsync(AdminCall call)
    {
        var query = call.List(lists: ["emails"]);
        var found = await members.ListAsync(call.OrganizationId, call.Stop);
        if (query.FindList("emails") is { } emails)
        {
            found = [.. found.Where(member => emails.Contains(member.Email, StringComparer.OrdinalIgnoreCase))];
        }

        var times = await TimesAsync(call, [.. found.Select(member => member.UserId)]);
        return query.Page([.. found.Select(member => Show(member, times))], user => user.Id);
    }

    private async Task<AdminUser> ShowAsync(AdminCall call)
    {
        var member = await FindAsync(call);
        return Show(member, await TimesAsync(call, [member.UserId]));
    }

    private async Task<object> ChangeAsync(AdminCall call)
    {
        var body = call.Read<AdminUserChange>();
        body.Refuse("developer_persona", "technical_level");
        var member = await FindAsync(call);
        var role = body.FindOneOf("role", AdminRoles.Owner, AdminRoles.Reader);
        if (body.Has("role_id"))
        {
            if (role is not null)
            {
                throw body.Wrong("role_id", "one of role and role_id");
            }

            await SetAsync(call, member.UserId, ChoiceOf(body));
        }
        else if (role is not null && role != AdminRoles.NameOf(member.Role))
        {
            await SetAsync(call, member.UserId, AdminRoles.Choice(role));
        }

        return await ShowAsync(call);
    }

    private async Task<object> RemoveAsync(AdminCall call)
    {
        var userId = call.Id("user", AdminIds.User);
        var change = await members.RemoveAsync(call.OrganizationId, actorId: null, userId, call.Stop);
        if (change is not MemberChange.NotFound) // Who is no member is removed already.
        {
            RefuseUnlessDone(change, call.Text("user"));
        }

        return new AdminDeleted("organization.user.deleted", true) { Id = AdminIds.User.Of(userId) };
    }

    private async Task<object> ListRolesAsync(AdminCall call)
    {
        var member = await FindAsync(call);
        return call.List().CursorPage([Assignment(member)], role => role.Id);
    }

    private async Task<object> GiveRoleAsync(AdminCall call)
    {
        await SetAsync(call, (await FindAsync(call)).UserId, ChoiceOf(call.Read<AdminUserRoleRequest>()));
        var member = await FindAsync(call);
        return new AdminUserRole("user.role", await ShowAsync(call), AdminRoles.Show(member.Role, member.Custom));
    }

    private async Task<object> ShowRoleAsync(AdminCall call)
    {
        var role = Assignment(await FindAsync(call));
        return role.Id == call.Text("role") ? role : throw AdminRefusal.NotFound(AdminIds.Role, call.Text("role"));
    }

    private async Task<object> TakeRoleAsync(AdminCall call)
    {
        var member = await FindAsync(call);
        if (Assignment(member).Id == call.Text("role"))
        {
            await SetAsync(call, member.UserId, new RoleChoice(MemberRole.Reader));
        }

        return new AdminDeleted("user.role.deleted", true);
    }

    private async Task SetAsync(AdminCall call, Guid userId, RoleChoice choice) => RefuseUnlessDone(
        await members.ChangeRoleAsync(call.OrganizationId, actorId: null, userId, choice, call.Stop), call.Text("user"));

    private static RoleChoice ChoiceOf(AdminMembers body) =>
        AdminRoles.Find(body.Text("role_id", 100)) ?? throw body.Wrong("role_id", "the id of a role");

    private static void RefuseUnlessDone(MemberChange change, string id)
    {
        if (change != MemberChange.Done)
        {
            throw change switch
            {
                MemberChange.NotFound => AdminRefusal.NotFound(AdminIds.User, id),
                MemberChange.UnknownRole => new AdminRefusal(OpenAiError.InvalidValue("role_id", "the id of a role")),
                MemberChange.LastOwner => new AdminRefusal(OpenAiError.AdminConflict("last_owner", change.Text())),
                _ => new AdminRefusal(OpenAiError.AdminForbidden(change.Text())),
            };
        }
    }

    private async Task<Member> FindAsync(AdminCall call) =>
        await members.FindAsync(call.OrganizationId, call.Id("user", AdminIds.User), call.Stop)
        ?? throw AdminRefusal.NotFound(AdminIds.User, call.Text("user"));

    private static AdminRoleAssignment Assignment(Member member)
    {
        var role = AdminRoles.Show(member.Role, member.Custom);
        return new AdminRoleAssignment(role.Id, role.Name, null, role.Permissions, role.PredefinedRole, role.ResourceType);
    }

    private static AdminUser Show(Member member, IReadOnlyDictionary<Guid, (long Created, long? LastUsed)> times) => new(
        AdminIds.User.Of(member.UserId), "organization.user", member.Email, NameOf(member.Email), AdminRoles.NameOf(member.Role),
        member.JoinedAt.ToUnixTimeSeconds(), times[member.UserId].Created, times[member.UserId].LastUsed, false);

    /// <summary>When accounts were made, and when keys of theirs were used last.</summary>
    private async Task<IReadOnlyDictionary<Guid, (long Created, long? LastUsed)>> TimesAsync(AdminCall call, Guid[] userIds)
    {
        var users = await db.Users.AsNoTracking().Where(user => userIds.Contains(user.Id)).ToListAsync(call.Stop);
        var uses = await (
            from key in db.ApiKeys
            where key.OrganizationId == call.OrganizationId && key.OwnerId != null && userIds.Contains(key.OwnerId.Value)
            join use in db.KeyLastUses on key.Id equals use.KeyId
            group use.LastUsedAt by key.OwnerId into times
            select new { UserId = times.Key, Last = times.Max() }).ToDictionaryAsync(one => one.UserId!.Value, one => one.Last, call.Stop);
        return users.ToDictionary(
            user => user.Id,
            user => (user.CreatedAt.ToUnixTimeSeconds(), uses.TryGetValue(user.Id, out var last) ? last.ToUnixTimeSeconds() : (long?)null));
    }
}
