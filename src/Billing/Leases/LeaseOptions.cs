using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Tollgate.Billing.Leases;

/// <summary>How much money goes to a till at once. Section <c>Leases</c>.</summary>
public sealed class LeaseOptions
{
    public const string Section = "Leases";

    /// <summary>How long a lease should last at the recent spend. Default 60 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan Covers { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Smallest lease while the wallet has it, US dollars. Default 0.05.</summary>
    [Range(typeof(decimal), "0", "1000")]
    public decimal SmallestUsd { get; init; } = 0.05m;

    /// <summary>When a till should ask again for money that an older epoch holds. Default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:01:00")]
    public TimeSpan RetryAfter { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// After a restored database was noticed, how long no lease is given at least: gateways that the backup does not know must have time
    /// to register. Default 15 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan SealFor { get; init; } = TimeSpan.FromSeconds(15);
}

[OptionsValidator]
internal sealed partial class LeaseOptionsValidator : IValidateOptions<LeaseOptions>;
