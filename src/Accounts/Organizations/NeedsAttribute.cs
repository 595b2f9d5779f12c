namespace Tollgate.Accounts.Organizations;

/// <summary>
/// Marks a page or endpoint of the organization with the permission that it needs. A member without it gets 403 before the page runs.
/// </summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
internal sealed class NeedsAttribute(Permission permission) : Attribute
{
    public Permission Permission { get; } = permission;
}

/// <summary>Marks a page whose forms need a permission. Reading the page needs none beyond <see cref="NeedsAttribute"/>.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
internal sealed class NeedsToChangeAttribute(Permission permission) : Attribute
{
    public Permission Permission { get; } = permission;
}

/// <summary>Marks a page of a signed-in person, open without a membership in any organization.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
internal sealed class WithoutOrganizationAttribute : Attribute;
