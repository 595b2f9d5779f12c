using System.ComponentModel.DataAnnotations;
using Tollgate.Accounts.Passkeys;

namespace Tollgate.Accounts.Account;

/// <summary>Form for a new password.</summary>
public sealed class PasswordChangeForm
{
    /// <summary>Empty for an account without a password.</summary>
    [StringLength(200, ErrorMessage = "At most 200 characters.")]
    public string? CurrentPassword { get; set; }

    [Required(ErrorMessage = "Enter a new password.")]
    [StringLength(200, ErrorMessage = "At most 200 characters.")]
    public string NewPassword { get; set; } = "";
}

/// <summary>Form for a new passkey.</summary>
public sealed class NewPasskeyForm
{
    [Required(ErrorMessage = "Give the passkey a name.")]
    [StringLength(60, ErrorMessage = "At most 60 characters.")]
    public string Name { get; set; } = "";

    public PasskeyForm Passkey { get; set; } = new();
}
