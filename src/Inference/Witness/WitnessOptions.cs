using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Tollgate.Inference.Witness;

/// <summary>How much of the worker's own log is kept. Section <c>Witness</c>.</summary>
public sealed class WitnessOptions
{
    public const string Section = "Witness";

    /// <summary>Bytes after which a new segment begins. Default 16 MiB, about 150,000 requests.</summary>
    [Range(4096, 1 << 30)]
    public int SegmentBytes { get; init; } = 16 << 20;

    /// <summary>Segments whose newest entry is older are deleted. Default 7 days, as long as gateways keep their journals.</summary>
    [Range(typeof(TimeSpan), "01:00:00", "365.00:00:00")]
    public TimeSpan Retention { get; init; } = TimeSpan.FromDays(7);

    /// <summary>With more segments than this the oldest is deleted. Default 64.</summary>
    [Range(2, 10_000)]
    public int MostSegments { get; init; } = 64;
}

[OptionsValidator]
internal sealed partial class WitnessOptionsValidator : IValidateOptions<WitnessOptions>;
