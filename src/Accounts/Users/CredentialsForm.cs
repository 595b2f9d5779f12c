using System.ComponentModel.DataAnnotations;
using MimeKit;

namespace Tollgate.Accounts.Users;

/// <summary>E-mail address and password as a form sends them.</summary>
public sealed class CredentialsForm
{
    [Required(ErrorMessage = "Enter your e-mail address.")]
    [EmailAddress(ErrorMessage = "This is not an e-mail address.")]
    [RegularExpression(@"\s*[^\s\p{C}]+\s*", ErrorMessage = "This is not an e-mail address.")]
    [StringLength(254)]
    public string Email { get; set; } = "";

    [Required(ErrorMessage = "Enter a password.")]
    [StringLength(200, ErrorMessage = "At most 200 characters.")]
    public string Password { get; set; } = "";

    public bool Remember { get; set; }
}

/// <summary>A new password, and whether the keys that the account has now end with the old one.</summary>
public sealed class NewPasswordForm
{
    public bool RevokeKeys { get; set; }

    [Required(ErrorMessage = "Enter a password.")]
    [StringLength(200, ErrorMessage = "At most 200 characters.")]
    public string Password { get; set; } = "";
}

/// <summary>The confirmation of an address. The password is asked for only in a browser that did not sign up.</summary>
public sealed class ConfirmationForm
{
    [StringLength(200, ErrorMessage = "At most 200 characters.")]
    public string? Password { get; set; }
}

/// <summary>An address to mail to.</summary>
public sealed class EmailForm
{
    [Required(ErrorMessage = "Enter your e-mail address.")]
    [EmailAddress(ErrorMessage = "This is not an e-mail address.")]
    [RegularExpression(@"\s*[^\s\p{C}]+\s*", ErrorMessage = "This is not an e-mail address.")]
    [StringLength(254)]
    public string Email { get; set; } = "";
}

internal static class EmailAddress
{
    /// <summary>Whether the text is one bare address, with nothing around it that a mail server would read otherwise.</summary>
    public static bool IsDeliverable(string text) =>
        MailboxAddress.TryParse(text, out var mailbox)
            && mailbox.Address == text && !text.Any(char.IsWhiteSpace) && text.Contains('@', StringComparison.Ordinal);
}
