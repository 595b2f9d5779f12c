using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Tollgate.Billing.Witness;

/// <summary>The workers whose logs are compared with the books. Section <c>Witness</c>.</summary>
public sealed class WitnessOptions
{
    public const string Section = "Witness";

    /// <summary>
    /// Base addresses of workers that do not register with Accounts: <c>Witness:Workers:0</c> and so on, or one value separated by commas
    /// or spaces. A worker missing here makes each of its requests a difference. Without these and without <c>Services:accounts</c>,
    /// nothing is compared.
    /// </summary>
    public IReadOnlyList<Uri> Workers { get; set; } = [];

    /// <summary>Pause between two readings of the logs. Default 1 minute.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan Every { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Longest time that the money of a retired journal's epochs waits for the workers' logs. The wallet pays for usage found later, as
    /// far as it can. Default 1 minute.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan RetiredWait { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Longest time for a gateway to ship a request after its worker has finished it. Default 10 minutes.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan Patience { get; set; } = TimeSpan.FromMinutes(10);
}

[OptionsValidator]
internal sealed partial class WitnessOptionsValidator : IValidateOptions<WitnessOptions>;
