using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Tollgate.Accounts.Departures;

/// <summary>How accounts and organizations are deleted and exported. Section <c>Departures</c>.</summary>
public sealed class DepartureOptions
{
    public const string Section = "Departures";

    /// <summary>How long a deletion can be cancelled. Default 30 days.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "365.00:00:00")]
    public TimeSpan Grace { get; init; } = TimeSpan.FromDays(30);

    /// <summary>What happens to the balance of a deleted organization, as its owner reads it. One or two sentences.</summary>
    [Required, StringLength(500)]
    public string BalanceRule { get; init; } =
        "What is left of the balance is not spent any more. The operator of this service pays it back on request; name the receipt.";

    /// <summary>Most lines of each table in an export of an organization: usage, ledger, files. Default 1,000,000.</summary>
    [Range(1_000, 100_000_000)]
    public int MostLines { get; init; } = 1_000_000;
}

[OptionsValidator]
internal sealed partial class DepartureOptionsValidator : IValidateOptions<DepartureOptions>;
