using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Organizations;
using Tollgate.Contracts.Administration;
using Tollgate.Contracts.Keys;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Accounts.AdminApi;

/// <summary><c>/v1/organization/admin_api_keys</c>.</summary>
internal sealed class AdminKeyDesk(AccountsDb db, AdminKeyRegister keys, TimeProvider clock)
{
    private const string Kind = "organization.admin_api_key";

    public static void Map(AdminRoutesMap map) => map
        .Add<AdminKeyDesk>("GET", "/admin_api_keys", (desk, call) => desk.ListAsync(call))
        .Add<AdminKeyDesk>("POST", "/admin_api_keys", (desk, call) => desk.CreateAsync(call))
        .Add<AdminKeyDesk>("GET", "/admin_api_keys/{key}", (desk, call) => desk.ShowAsync(call))
        .Add<AdminKeyDesk>("DELETE", "/admin_api_keys/{key}", (desk, call) => desk.RevokeAsync(call));

    private async Task<object> ListAsync(AdminCall call)
    {
        var query = call.List();
        var found = await keys.ListAsync(call.OrganizationId, call.Stop);
        var makers = await MakersAsync(call, found);
        return query.Page([.. found.Select(key => Show(key, makers[key.CreatedBy]))], key => key.Id);
    }

    private async Task<object> CreateAsync(AdminCall call)
    {
        var body = call.Read<AdminKeyRequest>();
        var creation = await keys.CreateAsync(
            Guid.CreateVersion7(clock.GetUtcNow()), call.OrganizationId, body.Name(), body.FindExpiry(clock), call.OwnerId, call.Stop);
        if (creation is not AdminKeyCreation.Issued { Key: var key } issued)
        {
            throw new AdminRefusal(creation is AdminKeyCreation.TooMany
                ? OpenAiError.AdminConflict(
                    "too_many_admin_keys", $"This organization has {keys.MostKeys} admin keys, as many as it may have. Revoke one.")
                : OpenAiError.AdminForbidden("The owner of this admin key is no owner of the organization any more."));
        }

        var shown = Show(key, (await MakersAsync(call, [key]))[key.CreatedBy]);
        return new AdminNewKey(
            shown.Id, shown.Object, shown.Name, shown.RedactedValue, shown.CreatedAt, null, shown.ExpiresAt, shown.Owner, issued.Text);
    }

    private async Task<object> ShowAsync(AdminCall call)
    {
        var key = await keys.FindAsync(call.OrganizationId, call.Id("key", AdminIds.Key), call.Stop);
        return key is { RevokedAt: null }
            ? Show(key, (await MakersAsync(call, [key]))[key.CreatedBy]) : throw AdminRefusal.NotFound(AdminIds.Key, call.Text("key"));
    }

    private async Task<object> RevokeAsync(AdminCall call)
    {
        var id = call.Id("key", AdminIds.Key);
        return await keys.RevokeAsync(call.OrganizationId, id, call.Stop)
            ? new AdminDeleted($"{Kind}.deleted", true) { Id = AdminIds.Key.Of(id) }
            : throw AdminRefusal.NotFound(AdminIds.Key, call.Text("key"));
    }

    private static AdminKeyObject Show(AdminKey key, AdminKeyMaker maker) => new(
        AdminIds.Key.Of(key.Id), Kind, key.Name, $"{ApiKeyText.AdminPrefix}{key.PublicId}-…", key.CreatedAt.ToUnixTimeSeconds(),
        key.LastUsedAt?.ToUnixTimeSeconds(), key.ExpiresAt?.ToUnixTimeSeconds(), maker);

    private async Task<Dictionary<Guid, AdminKeyMaker>> MakersAsync(AdminCall call, IReadOnlyList<AdminKey> found)
    {
        Guid[] ids = [.. found.Select(key => key.CreatedBy).Distinct()];
        var people = await (
            from user in db.Users
            where ids.Contains(user.Id)
            join member in db.Memberships on new { UserId = user.Id, call.OrganizationId }
                equals new { member.UserId, member.OrganizationId } into memberships
            from membership in memberships.DefaultIfEmpty()
            select new { user.Id, user.Email, user.CreatedAt, Role = (MemberRole?)membership.Role }).AsNoTracking().ToListAsync(call.Stop);
        return ids.ToDictionary(id => id, id =>
        {
            var person = people.Find(one => one.Id == id);
            return new AdminKeyMaker(
                "user", "organization.user", AdminIds.User.Of(id), person is null ? "" : AdminUserDesk.NameOf(person.Email!),
                person?.CreatedAt.ToUnixTimeSeconds() ?? 0, AdminRoles.NameOf(person?.Role ?? MemberRole.Reader));
        });
    }
}
