namespace Tollgate.Accounts.Members;

/// <summary>Form that changes a member's role.</summary>
public sealed class MemberForm
{
    /// <summary>See <see cref="Organizations.RoleChoice.Value"/>.</summary>
    public string? Role { get; set; }
}
