using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Tollgate.Gateway.Sweeping;

/// <summary>Section <c>Sweeper</c>.</summary>
internal sealed class SweeperOptions
{
    public const string Section = "Sweeper";

    /// <summary>How long a gateway must have been silent before others free the concurrency
    /// and rate tokens of its requests. Default 15 s.</summary>
    [Range(typeof(TimeSpan), "00:00:02", "01:00:00")]
    public TimeSpan SilentAfter { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Interval between routine cleanup passes, which remove tombstones past their time. Default 5 minutes.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan PassEvery { get; init; } = TimeSpan.FromMinutes(5);
}

[OptionsValidator]
internal sealed partial class SweeperOptionsValidator : IValidateOptions<SweeperOptions>;
