namespace Tollgate.Accounts.Organizations;

/// <summary>A role that a form chose.</summary>
/// <param name="CustomRoleId">Set for <see cref="MemberRole.Custom"/> alone.</param>
public sealed record RoleChoice(MemberRole Role, Guid? CustomRoleId = null)
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

    /// <summary>Name of a role in lower case; a custom one's own name.</summary>
    internal static string NameOf(MemberRole role, CustomRole? custom) => custom?.Name ?? NameOf(role);

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

/// <summary>A role that a form offers.</summary>
/// <param name="Text">What it may do, in a sentence.</param>
public sealed record RoleOffer(RoleChoice Choice, string Name, string Text)
{
    /// <summary>Lists the roles that a member may give, the custom ones at the end.</summary>
    internal static IReadOnlyList<RoleOffer> For(MemberRole ownRole, IReadOnlySet<Permission> own, IEnumerable<CustomRole> roles) =>
    [
        .. RoleChoice.Named.Where(role => MemberRoles.MayTouch(ownRole, own, role, MemberRoles.PermissionsOf(role)))
            .Select(role => new RoleOffer(new RoleChoice(role), NameOf(role), TextOf(role))),
        .. roles.Where(role => MemberRoles.MayTouch(ownRole, own, MemberRole.Custom, role.Granted))
            .Select(role => new RoleOffer(
                new RoleChoice(MemberRole.Custom, role.Id), role.Name,
                $"Your own role: {string.Join(", ", role.Granted.Order().Select(permission => permission.Label().ToLowerInvariant()))}.")),
    ];

    /// <summary>Name of a role for people; a custom one's own name.</summary>
    internal static string NameOf(MemberRole role, CustomRole? custom) => custom?.Name ?? NameOf(role);

    /// <summary>Name of a role for people.</summary>
    public static string NameOf(MemberRole role)
    {
        var name = RoleChoice.NameOf(role);
        return char.ToUpperInvariant(name[0]) + name[1..];
    }

    private static string TextOf(MemberRole role) => role switch
    {
        MemberRole.Owner => "Everything, the organization itself included.",
        MemberRole.Admin => "Members, projects, keys and money, but not the organization itself.",
        MemberRole.Developer => "Keys, files, batches and fine-tuning of projects.",
        MemberRole.Billing => "Usage and money, no keys.",
        _ => "Reads; changes nothing.",
    };
}
