using Tollgate.Accounts.Organizations;
using Tollgate.Contracts.Administration;

namespace Tollgate.Accounts.AdminApi;

/// <summary>
/// Roles and permissions as the admin API names them. OpenAI's <c>owner</c> is the role owner; its <c>reader</c> stands for every other
/// role, and a request that gives <c>reader</c> gives the role reader.
/// </summary>
internal static class AdminRoles
{
    public const string Owner = "owner";
    public const string Reader = "reader";
    private const string Resource = "api.organization";

    private static readonly Dictionary<Permission, string> Names = new()
    {
        [Permission.ReadOrganization] = "organization.read",
        [Permission.ManageOrganization] = "organization.manage",
        [Permission.ManageMembers] = "members.manage",
        [Permission.ManageProjects] = "projects.manage",
        [Permission.ManageKeys] = "keys.manage",
        [Permission.UseProject] = "projects.use",
        [Permission.ReadUsage] = "usage.read",
        [Permission.ReadBilling] = "billing.read",
        [Permission.ManageBilling] = "billing.manage",
        [Permission.ReadAudit] = "audit.read",
        [Permission.ManageSignIn] = "sign_in.manage",
    };

    /// <summary>Roles that every organization has.</summary>
    public static IReadOnlyList<AdminRole> Predefined { get; } =
    [
        .. RoleChoice.Named.Select(role => new AdminRole(
            IdOf(role), "role", RoleChoice.NameOf(role), null, NamesOf(MemberRoles.PermissionsOf(role).Contains), true, Resource)),
    ];

    /// <summary>All names of permissions.</summary>
    public static IReadOnlyCollection<string> PermissionNames => Names.Values;

    public static AdminRole Show(CustomRole role) => new(
        AdminIds.Role.Of(role.Id), "role", role.Name, null, NamesOf(role.Granted.Contains), false, Resource);

    public static AdminRole Show(MemberRole role, CustomRole? custom) =>
        custom is null ? Predefined.First(one => one.Id == IdOf(role)) : Show(custom);

    /// <summary><c>owner</c> or <c>reader</c>.</summary>
    public static string NameOf(MemberRole role) => role == MemberRole.Owner ? Owner : Reader;

    /// <summary>The role of an id; null for a text that is no such id. Whether a custom role exists, its register says.</summary>
    public static RoleChoice? Find(string id) => AdminIds.Role.Find(id) is { } custom
        ? new RoleChoice(MemberRole.Custom, custom)
        : RoleChoice.Named.Where(role => IdOf(role) == id).Select(role => new RoleChoice(role)).FirstOrDefault();

    public static RoleChoice Choice(string name) => new(name == Owner ? MemberRole.Owner : MemberRole.Reader);

    /// <summary>The permission of a name; null for an unknown one.</summary>
    public static Permission? FindPermission(string name) =>
        Names.Where(one => one.Value == name).Select(one => (Permission?)one.Key).FirstOrDefault();

    private static string IdOf(MemberRole role) => AdminIds.Role.Prefix + RoleChoice.NameOf(role);

    private static string[] NamesOf(Func<Permission, bool> isGranted) =>
        [.. Names.Where(one => isGranted(one.Key)).Select(one => one.Value)];
}
