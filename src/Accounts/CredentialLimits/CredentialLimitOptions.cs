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

    /// <summary>Wrong passwords that one source may try for one account before it must wait: 30 s, then twice as long each time, up to
    /// 15 minutes. A day without an attempt, or a right password, starts again. Default 10.</summary>
    [Range(1, 1000)]
    public int GuessesBeforeDelay { get; init; } = 10;

    /// <summary>The same for one source over all accounts; an hour without an attempt starts again. Default 50.</summary>
    [Range(1, 100_000)]
    public int GuessesPerSourceBeforeDelay { get; init; } = 50;

    /// <summary>Passwords that all sources unknown to an account may try for it in an hour, together. Default 100.</summary>
    [Range(1, 100_000)]
    public int GuessesPerAccountPerHour { get; init; } = 100;

    /// <summary>Mails that one source may cause to one mailbox in an hour. Default 6.</summary>
    [Range(1, 1000)]
    public int MailsPerMailboxAndSourcePerHour { get; init; } = 6;

    /// <summary>Mails that all sources unknown to the account may cause to one mailbox in an hour, together. Default 20.</summary>
    [Range(1, 1000)]
    public int MailsPerMailboxPerHour { get; init; } = 20;

    /// <summary>Mails that one source may cause in an hour, to whatever mailboxes. Default 100.</summary>
    [Range(1, 100_000)]
    public int MailsPerSourcePerHour { get; init; } = 100;
}

[OptionsValidator]
internal sealed partial class CredentialLimitOptionsValidator : IValidateOptions<CredentialLimitOptions>;
