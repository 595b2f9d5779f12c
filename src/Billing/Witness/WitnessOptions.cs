using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Tollgate.Billing.Witness;

/// <summary>Whose logs are compared with the books. Section <c>Witness</c>.</summary>
public sealed class WitnessOptions
{
    public const string Section = "Witness";

    /// <summary>
    /// Base addresses of the workers that do not register with Accounts: <c>Witness:Workers:0</c> and so on, or one value with commas or
    /// spaces between them. One that is left out makes each of its requests a difference. Neither these nor <c>Services:accounts</c>:
    /// nothing is compared.
    /// </summary>
    public IReadOnlyList<Uri> Workers { get; set; } = [];

    /// <summary>Pause between two readings of the logs. Default 1 minute.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan Every { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// How long the money of a retired journal's epochs waits at most for the workers' logs. What a log tells later is paid by what the wallet
    /// then has. Default 1 minute.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan RetiredWait { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How long a gateway may take to ship a request that its worker has finished. Default 10 minutes.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan Patience { get; set; } = TimeSpan.FromMinutes(10);
}

[OptionsValidator]
internal sealed partial class WitnessOptionsValidator : IValidateOptions<WitnessOptions>;
