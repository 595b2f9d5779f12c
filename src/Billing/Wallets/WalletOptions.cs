using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Tollgate.Billing.Wallets;

/// <summary>Welcome credit of new organizations and its limits. Section <c>Wallets</c>.</summary>
public sealed class WalletOptions
{
    public const string Section = "Wallets";

    /// <summary>Welcome credit for a confirmed e-mail address, US dollars, given once. Default 5; 0 gives none.</summary>
    [Range(typeof(decimal), "0", "1000")]
    public decimal WelcomeCreditUsd { get; init; } = 5m;

    /// <summary>Total welcome credit over all time; after that, new organizations wait for it. US dollars, default 10,000.</summary>
    [Range(typeof(decimal), "0", "1000000000")]
    public decimal WelcomeCreditTotalUsd { get; init; } = 10_000m;

    /// <summary>Most organizations that get welcome credit within 24 hours; the others wait. Default 200.</summary>
    [Range(0, 1_000_000)]
    public int WelcomeCreditsPerDay { get; init; } = 200;

    /// <summary>Most per 24 hours for addresses under one registered mail domain. Default 25.</summary>
    [Range(0, 1_000_000)]
    public int WelcomeCreditsPerDomainPerDay { get; init; } = 25;

    /// <summary>Most per 24 hours for clients of one network, an IPv4 /24 or an IPv6 /48. Default 5.</summary>
    [Range(0, 1_000_000)]
    public int WelcomeCreditsPerNetworkPerDay { get; init; } = 5;

    /// <summary>
    /// Mail domains, separated by blanks, where anyone can get an address. The domain limit does not apply to them: one stranger could use
    /// it up for all others. Default: the large providers.
    /// </summary>
    public string SharedMailDomains { get; init; } =
        "gmail.com outlook.com hotmail.com live.com msn.com yahoo.com icloud.com me.com aol.com proton.me protonmail.com gmx.de gmx.net "
        + "web.de t-online.de mail.com mail.ru yandex.ru qq.com 163.com 126.com naver.com orange.fr free.fr libero.it fastmail.com";

    /// <summary>Whether unrelated people have addresses under the domain.</summary>
    public bool IsShared(string mailDomain) =>
        SharedMailDomains.Split(' ', StringSplitOptions.RemoveEmptyEntries).Contains(mailDomain, StringComparer.OrdinalIgnoreCase);
}

[OptionsValidator]
internal sealed partial class WalletOptionsValidator : IValidateOptions<WalletOptions>;
