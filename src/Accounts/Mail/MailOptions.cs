using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Tollgate.Accounts.Mail;

/// <summary>Where e-mail goes.</summary>
public enum MailMode
{
    /// <summary>Into a folder, shown on <c>/dev/mail</c>; only while bound to loopback.</summary>
    Folder = 0,

    /// <summary>To a mail server.</summary>
    Smtp = 1,

    /// <summary>Nowhere, by the operator's choice: nobody can sign up or reset a password.</summary>
    Off = 2,
}

/// <summary>Section <c>Mail</c>.</summary>
public sealed class MailOptions
{
    public const string Section = "Mail";

    /// <summary>Default: <see cref="MailMode.Smtp"/> where a host is set, else <see cref="MailMode.Folder"/>.</summary>
    public MailMode? Mode { get; init; }

    /// <summary>Folder of <see cref="MailMode.Folder"/>. Default: a folder of the system's local application data.</summary>
    public string Folder { get; init; } =
        Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData), "tollgate", "mail");

    /// <summary>Sender of all mail.</summary>
    [Required, EmailAddress]
    public string From { get; init; } = "tollgate@localhost.localdomain";

    public string? SmtpHost { get; init; }

    /// <summary>Default 587 with STARTTLS; 465 speaks TLS from the first byte.</summary>
    [Range(1, 65535)]
    public int SmtpPort { get; init; } = 587;

    public string? SmtpUser { get; init; }

    /// <summary>Usually by <c>TOLLGATE__Mail__SmtpPassword_FILE</c>.</summary>
    public string? SmtpPassword { get; init; }

    /// <summary>Sends without encryption where the server offers none. Default false: such a server is refused.</summary>
    public bool SmtpAllowPlain { get; init; }

    public MailMode EffectiveMode => Mode ?? (string.IsNullOrEmpty(SmtpHost) ? MailMode.Folder : MailMode.Smtp);
}

[OptionsValidator]
internal sealed partial class MailOptionsValidator : IValidateOptions<MailOptions>;
