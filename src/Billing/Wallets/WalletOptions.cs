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
}

[OptionsValidator]
internal sealed partial class WalletOptionsValidator : IValidateOptions<WalletOptions>;
