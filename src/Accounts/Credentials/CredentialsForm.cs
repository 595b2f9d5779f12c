using System.ComponentModel.DataAnnotations;
using MimeKit;

namespace Tollgate.Accounts.Credentials;

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

/// <summary>Form for a new password, with the choice to revoke the account's current keys.</summary>
public sealed class NewPasswordForm
{
    public bool RevokeKeys { get; set; }

    [Required(ErrorMessage = "Enter a password.")]
    [StringLength(200, ErrorMessage = "At most 200 characters.")]
    public string Password { get; set; } = "";
}

/// <summary>Form that confirms an address. Asks for a password only in a browser that did not sign up.</summary>
public sealed class ConfirmationForm
{
    [StringLength(200, ErrorMessage = "At most 200 characters.")]
    public string? Password { get; set; }
}

/// <summary>Form with a code of an authenticator app, or a recovery code.</summary>
public sealed class CodeForm
{
    [Required(ErrorMessage = "Enter the code.")]
    [StringLength(40, ErrorMessage = "At most 40 characters.")]
    public string Code { get; set; } = "";
}

/// <summary>Form with an address to mail to.</summary>
public sealed class EmailForm
{
    [Required(ErrorMessage = "Enter your e-mail address.")]
    [EmailAddress(ErrorMessage = "This is not an e-mail address.")]
    [RegularExpression(@"\s*[^\s\p{C}]+\s*", ErrorMessage = "This is not an e-mail address.")]
    [StringLength(254)]
    public string Email { get; set; } = "";
}

/// <summary>Checks the addresses that mail is sent to.</summary>
internal static class EmailAddress
{
    /// <summary>Whether the text is one bare address, with nothing around it that a mail server would interpret.</summary>
    public static bool IsDeliverable(string text) =>
        MailboxAddress.TryParse(text, out var mailbox)
            && mailbox.Address == text && !text.Any(char.IsWhiteSpace) && text.Contains('@', StringComparison.Ordinal);
}
