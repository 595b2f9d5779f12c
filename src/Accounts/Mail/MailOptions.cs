using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Tollgate.Accounts.Mail;

/// <summary>Destination of e-mail.</summary>
public enum MailMode
{
    /// <summary>A folder, shown on <c>/dev/mail</c>. Allowed only while the portal is bound to loopback.</summary>
    Folder = 0,

    /// <summary>A mail server.</summary>
    Smtp = 1,

    /// <summary>None, by the operator's choice. Sign-up and password reset are then unavailable.</summary>
    Off = 2,
}

/// <summary>Settings of e-mail. Section <c>Mail</c>.</summary>
public sealed class MailOptions
{
    public const string Section = "Mail";

    /// <summary>Default: <see cref="MailMode.Smtp"/> if a host is set, else <see cref="MailMode.Folder"/>.</summary>
    public MailMode? Mode { get; init; }

    /// <summary>Folder for <see cref="MailMode.Folder"/>. Default: a folder in the system's local application data.</summary>
    public string Folder { get; init; } =
        Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData), "tollgate", "mail");

    /// <summary>Sender of all mail.</summary>
    [Required, EmailAddress]
    public string From { get; init; } = "tollgate@localhost.localdomain";

    public string? SmtpHost { get; init; }

    /// <summary>Default 587 with STARTTLS; 465 uses TLS from the first byte.</summary>
    [Range(1, 65535)]
    public int SmtpPort { get; init; } = 587;

    public string? SmtpUser { get; init; }

    /// <summary>Usually set through <c>TOLLGATE__Mail__SmtpPassword_FILE</c>.</summary>
    public string? SmtpPassword { get; init; }

    /// <summary>Whether to send without encryption if the server offers none. Default false, which refuses such a server.</summary>
    public bool SmtpAllowPlain { get; init; }

    public MailMode EffectiveMode => Mode ?? (string.IsNullOrEmpty(SmtpHost) ? MailMode.Folder : MailMode.Smtp);
}

[OptionsValidator]
internal sealed partial class MailOptionsValidator : IValidateOptions<MailOptions>;
