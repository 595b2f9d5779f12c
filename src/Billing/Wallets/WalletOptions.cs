using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Tollgate.Billing.Wallets;

/// <summary>What new organizations get. Section <c>Wallets</c>.</summary>
public sealed class WalletOptions
{
    public const string Section = "Wallets";

    /// <summary>Welcome credit for a confirmed e-mail address, US dollars, once for ever. Default 5; 0 gives none.</summary>
    [Range(typeof(decimal), "0", "1000")]
    public decimal WelcomeCreditUsd { get; init; } = 5m;

    /// <summary>All the welcome credit that is ever given; what comes after gets none. Default 10,000 US dollars.</summary>
    [Range(typeof(decimal), "0", "1000000000")]
    public decimal WelcomeCreditTotalUsd { get; init; } = 10_000m;

    /// <summary>Organizations that get welcome credit within 24 hours; the others wait. Default 200.</summary>
    [Range(0, 1_000_000)]
    public int WelcomeCreditsPerDay { get; init; } = 200;

    /// <summary>The same for addresses under one registered mail domain. Default 25.</summary>
    [Range(0, 1_000_000)]
    public int WelcomeCreditsPerDomainPerDay { get; init; } = 25;

    /// <summary>The same for clients of one network, an IPv4 /24 or an IPv6 /48. Default 5.</summary>
    [Range(0, 1_000_000)]
    public int WelcomeCreditsPerNetworkPerDay { get; init; } = 5;

    /// <summary>
    /// Mail domains, parted by blanks, where everybody gets an address: no limit by domain holds for them, or one stranger would use up
    /// everybody's. Default: the large providers.
    /// </summary>
    public string SharedMailDomains { get; init; } =
        "gmail.com outlook.com hotmail.com live.com msn.com yahoo.com icloud.com me.com aol.com proton.me protonmail.com gmx.de gmx.net "
        + "web.de t-online.de mail.com mail.ru yandex.ru qq.com 163.com 126.com naver.com orange.fr free.fr libero.it fastmail.com";

    /// <summary>Whether addresses under the domain belong to people who have nothing to do with each other.</summary>
    public bool IsShared(string mailDomain) =>
        SharedMailDomains.Split(' ', StringSplitOptions.RemoveEmptyEntries).Contains(mailDomain, StringComparer.OrdinalIgnoreCase);
}

[OptionsValidator]
internal sealed partial class WalletOptionsValidator : IValidateOptions<WalletOptions>;
