using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Tollgate.Accounts.CredentialLimits;

/// <summary>
/// Limits of sign-in, sign-up and password forms. Section <c>Credentials</c>. A <em>source</em> is an IPv4 address or an IPv6 /64; a source
/// is <em>known</em> to an account that signed in from it within 90 days.
/// </summary>
public sealed class CredentialLimitOptions
{
    public const string Section = "Credentials";

    /// <summary>
    /// Wrong passwords that one source may try for one account before it must wait: 30 s, then twice as long each time, up to 15 minutes.
    /// Resets after a day without an attempt or a correct password. Default 10.
    /// </summary>
    [Range(1, 1000)]
    public int GuessesBeforeDelay { get; init; } = 10;

    /// <summary>
    /// Wrong passwords that one source may try over all accounts before it must wait. Resets after an hour without an attempt. Default 50.
    /// </summary>
    [Range(1, 100_000)]
    public int GuessesPerSourceBeforeDelay { get; init; } = 50;

    /// <summary>Passwords per hour that all sources unknown to an account may together try for it. Default 100.</summary>
    [Range(1, 100_000)]
    public int GuessesPerAccountPerHour { get; init; } = 100;

    /// <summary>Mails per hour that one source may cause to one mailbox. Default 6.</summary>
    [Range(1, 1000)]
    public int MailsPerMailboxAndSourcePerHour { get; init; } = 6;

    /// <summary>Mails per hour that all sources unknown to the account may together cause to one mailbox. Default 20.</summary>
    [Range(1, 1000)]
    public int MailsPerMailboxPerHour { get; init; } = 20;

    /// <summary>Mails per hour that one source may cause to all mailboxes. Default 100.</summary>
    [Range(1, 100_000)]
    public int MailsPerSourcePerHour { get; init; } = 100;
}

[OptionsValidator]
internal sealed partial class CredentialLimitOptionsValidator : IValidateOptions<CredentialLimitOptions>;
