using System.Collections.Frozen;

namespace Tollgate.Accounts.Organizations;

/// <summary>What each role may do, and which roles a member may give and take.</summary>
internal static class MemberRoles
{
    private static readonly FrozenSet<Permission> All = Enum.GetValues<Permission>().ToFrozenSet();
    private static readonly FrozenSet<Permission> None = FrozenSet<Permission>.Empty;

    private static readonly FrozenDictionary<MemberRole, FrozenSet<Permission>> Table = new Dictionary<MemberRole, FrozenSet<Permission>>
    {
        [MemberRole.Owner] = All,
        [MemberRole.Admin] = Set(
            Permission.ReadOrganization, Permission.ManageMembers, Permission.ManageProjects, Permission.ManageKeys,
            Permission.UseProject, Permission.ReadUsage, Permission.ReadBilling, Permission.ManageBilling, Permission.ReadAudit),
        [MemberRole.Developer] = Set(
            Permission.ReadOrganization, Permission.ManageKeys, Permission.UseProject, Permission.ReadUsage, Permission.ReadBilling),
        [MemberRole.Reader] = Set(Permission.ReadOrganization, Permission.ReadUsage, Permission.ReadBilling),
        [MemberRole.Billing] = Set(
            Permission.ReadOrganization, Permission.ReadUsage, Permission.ReadBilling, Permission.ManageBilling),
    }.ToFrozenDictionary();

    /// <summary>The permissions of a role.</summary>
    /// <param name="custom">The role's definition for <see cref="MemberRole.Custom"/>; null gives no permission.</param>
    public static IReadOnlySet<Permission> PermissionsOf(MemberRole role, CustomRole? custom = null) =>
        role == MemberRole.Custom ? custom?.Granted ?? None : Table.GetValueOrDefault(role, None);

    /// <summary>
    /// Whether a member may give a role to somebody, or change or remove somebody who has it. One rule for inviting, promoting, demoting
    /// and removing: only an owner touches owners, and nobody gives or takes a permission beyond the own ones.
    /// </summary>
    /// <param name="own">Permissions of the acting member.</param>
    /// <param name="touched">Permissions of the role that is given or taken.</param>
    public static bool MayTouch(MemberRole ownRole, IReadOnlySet<Permission> own, MemberRole touchedRole, IReadOnlySet<Permission> touched) =>
        own.Contains(Permission.ManageMembers)
        && (ownRole == MemberRole.Owner || (touchedRole != MemberRole.Owner && touched.IsSubsetOf(own)));

    private static FrozenSet<Permission> Set(params Permission[] permissions) => permissions.ToFrozenSet();
}
