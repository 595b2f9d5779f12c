using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Tollgate.Learning.Responses;

/// <summary>Responses in the background: how many, and how they run. Section <c>Background</c>.</summary>
internal sealed class BackgroundOptions
{
    public const string Section = "Background";

    /// <summary>Most responses in the background of an organization that have not ended. Default 200.</summary>
    [Range(1, 1_000_000)]
    public int MaxQueued { get; init; } = 200;

    /// <summary>Responses of all organizations that one process of this service runs at once. 0 runs none: another process does.
    /// Default 32.</summary>
    [Range(0, 10_000)]
    public int Concurrency { get; init; } = 32;

    /// <summary>Responses of one organization that run at once, over all processes. Default 8.</summary>
    [Range(1, 10_000)]
    public int OrganizationConcurrency { get; init; } = 8;

    /// <summary>How long a response may take from its creation until the gateway takes it. Then it fails. Default 1 h.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan Patience { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How long the gateway may take to answer one call. Then it is asked again, and gives the same answer. Default 10 min.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Longest wait between two tries where the gateway does not say when. Default 15 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "01:00:00")]
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Interval between looks for new responses and for cancels. Default 500 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:01:00")]
    public TimeSpan Every { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>A response of a process that has not renewed its claim for so long goes to another one. Default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:02", "01:00:00")]
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(30);
}

[OptionsValidator]
internal sealed partial class BackgroundOptionsValidator : IValidateOptions<BackgroundOptions>;
