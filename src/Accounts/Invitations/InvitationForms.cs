using System.ComponentModel.DataAnnotations;

namespace Tollgate.Accounts.Invitations;

/// <summary>Form that invites an address.</summary>
public sealed class InviteForm
{
    [Required(ErrorMessage = "Enter an e-mail address.")]
    [EmailAddress(ErrorMessage = "This is not an e-mail address.")]
    [RegularExpression(@"\s*[^\s\p{C}]+\s*", ErrorMessage = "This is not an e-mail address.")]
    [StringLength(254, ErrorMessage = "At most 254 characters.")]
    public string Email { get; set; } = "";

    /// <summary>See <see cref="Organizations.RoleChoice.Value"/>.</summary>
    [Required(ErrorMessage = "Choose a role.")]
    public string? Role { get; set; }
}

/// <summary>Form that opens the account of an invited address.</summary>
public sealed class JoinForm
{
    [Required(ErrorMessage = "Enter a password.")]
    [StringLength(200, ErrorMessage = "At most 200 characters.")]
    public string Password { get; set; } = "";
}
