using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Tollgate.Billing.Leases;

/// <summary>Sizes and waits of leases. Section <c>Leases</c>.</summary>
public sealed class LeaseOptions
{
    public const string Section = "Leases";

    /// <summary>How long a lease should last at the recent spend. Default 60 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan Covers { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Smallest lease in US dollars, while the wallet has that much. Default 0.05.</summary>
    [Range(typeof(decimal), "0", "1000")]
    public decimal SmallestUsd { get; init; } = 0.05m;

    /// <summary>How long a till waits before it asks again for money that an older epoch holds. Default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:01:00")]
    public TimeSpan RetryAfter { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Minimum time without leases after a restored database is noticed: gateways that the backup does not know need it to register.
    /// Default 15 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan SealFor { get; init; } = TimeSpan.FromSeconds(15);
}

[OptionsValidator]
internal sealed partial class LeaseOptionsValidator : IValidateOptions<LeaseOptions>;
