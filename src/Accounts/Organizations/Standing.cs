using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Database;

namespace Tollgate.Accounts.Organizations;

/// <summary>What somebody may do in an organization right now, read under the lock of a change.</summary>
/// <param name="Role">Null for somebody who is no member.</param>
internal sealed record Standing(MemberRole? Role, IReadOnlySet<Permission> Permissions)
{
    /// <summary>The operator's doors and keys of the organization's admin API act as an owner.</summary>
    public static readonly Standing Owner = new(MemberRole.Owner, MemberRoles.PermissionsOf(MemberRole.Owner));

    public bool IsOwner => Role == MemberRole.Owner;

    public bool May(Permission permission) => Permissions.Contains(permission);

    /// <summary>See <see cref="MemberRoles.MayTouch"/>.</summary>
    public bool MayTouch(MemberRole role, CustomRole? custom) =>
        Role is { } own && MemberRoles.MayTouch(own, Permissions, role, MemberRoles.PermissionsOf(role, custom));
}

/// <summary>A role that a form chose.</summary>
/// <param name="CustomRoleId">Set for <see cref="MemberRole.Custom"/> alone.</param>
internal sealed record RoleChoice(MemberRole Role, Guid? CustomRoleId = null)
{
    /// <summary>Text of the choice in forms: the role's name in lower case, or the id of a custom role.</summary>
    public string Value => CustomRoleId?.ToString() ?? NameOf(Role);

    /// <summary>Reads <see cref="Value"/>; null for another text.</summary>
    public static RoleChoice? Read(string? text)
    {
        if (Guid.TryParse(text, out var id))
        {
            return new RoleChoice(MemberRole.Custom, id);
        }

        foreach (var role in Named)
        {
            if (NameOf(role) == text)
            {
                return new RoleChoice(role);
            }
        }

        return null;
    }

    /// <summary>Roles that every organization has, in the order of forms.</summary>
    public static IReadOnlyList<MemberRole> Named { get; } =
        [MemberRole.Owner, MemberRole.Admin, MemberRole.Developer, MemberRole.Billing, MemberRole.Reader];

    /// <summary>Name of a role in lower case.</summary>
    public static string NameOf(MemberRole role) => role switch
    {
        MemberRole.Owner => "owner",
        MemberRole.Admin => "admin",
        MemberRole.Developer => "developer",
        MemberRole.Billing => "billing",
        MemberRole.Reader => "reader",
        _ => "custom",
    };
}

/// <summary>Serializes changes of an organization's members and reads who acts.</summary>
internal static class Standings
{
    /// <summary>
    /// Locks the organization's row in the caller's transaction, so that two changes of its members cannot both count on the other one.
    /// </summary>
    public static Task<int> LockOrganizationAsync(this AccountsDb db, Guid organizationId, CancellationToken cancellationToken) =>
        db.Database.ExecuteSqlAsync(
            $"select 1 from accounts.organizations where id = {organizationId} for no key update", cancellationToken);

    /// <summary>Reads what a user may do in an organization.</summary>
    /// <param name="userId">Null for the operator's doors and keys of the admin API.</param>
    public static async Task<Standing> StandingAsync(
        this AccountsDb db, Guid organizationId, Guid? userId, CancellationToken cancellationToken)
    {
        if (userId is null)
        {
            return Standing.Owner;
        }

        var member = await db.Memberships.AsNoTracking()
            .SingleOrDefaultAsync(one => one.OrganizationId == organizationId && one.UserId == userId, cancellationToken);
        if (member is null)
        {
            return new Standing(null, MemberRoles.PermissionsOf(MemberRole.Custom));
        }

        var custom = await db.CustomRoleAsync(organizationId, member.CustomRoleId, cancellationToken);
        return new Standing(member.Role, MemberRoles.PermissionsOf(member.Role, custom));
    }

    /// <summary>Reads a custom role of the organization; null without an id and for another organization's.</summary>
    public static async Task<CustomRole?> CustomRoleAsync(
        this AccountsDb db, Guid organizationId, Guid? roleId, CancellationToken cancellationToken) => roleId is null
        ? null
        : await db.CustomRoles.AsNoTracking().SingleOrDefaultAsync(
            role => role.OrganizationId == organizationId && role.Id == roleId, cancellationToken);

    /// <summary>Reads the custom roles of an organization, by name.</summary>
    public static Task<List<CustomRole>> CustomRolesAsync(
        this AccountsDb db, Guid organizationId, CancellationToken cancellationToken) =>
        db.CustomRoles.AsNoTracking().Where(role => role.OrganizationId == organizationId).OrderBy(role => role.Name)
            .ToListAsync(cancellationToken);
}
