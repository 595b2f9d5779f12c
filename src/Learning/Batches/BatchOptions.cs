using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Tollgate.Learning.Batches;

/// <summary>Limits of batches, and how fast their lines run. Section <c>Batches</c>.</summary>
internal sealed class BatchOptions
{
    public const string Section = "Batches";

    /// <summary>Most batches of an organization that have not ended. Default 20.</summary>
    [Range(1, 100_000)]
    public int MaxBatches { get; init; } = 20;

    /// <summary>Most lines of an organization's batches that have not ended, together. Default 200,000.</summary>
    [Range(1, 1_000_000_000)]
    public long MaxQueuedLines { get; init; } = 200_000;

    /// <summary>Lines of all organizations that one process of this service runs at once. Default 32.</summary>
    [Range(1, 10_000)]
    public int Concurrency { get; init; } = 32;

    /// <summary>Of these, lines of one organization. Default 16.</summary>
    [Range(1, 10_000)]
    public int OrganizationConcurrency { get; init; } = 16;

    /// <summary>Of these, lines of one batch. Default 8.</summary>
    [Range(1, 1_000)]
    public int BatchConcurrency { get; init; } = 8;

    /// <summary>Most batches that one process runs at once; others wait. 0 runs none: another process does. Default 100.</summary>
    [Range(0, 10_000)]
    public int Batches { get; init; } = 100;

    /// <summary>How long the gateway may take to answer one line. Then the line is asked for again. Default 10 min.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan LineTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Interval between looks for new batches, cancels and ends. Default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:01:00")]
    public TimeSpan Every { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>A batch of a process that has not renewed its claim for so long goes to another one. Default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:02", "01:00:00")]
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Longest wait between two tries of a line whose call failed. Default 1 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "01:00:00")]
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// After a cancel or the end of its time, how long a batch still asks for answers of lines that may have run already. Default 10 min.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan Grace { get; init; } = TimeSpan.FromMinutes(10);
}

[OptionsValidator]
internal sealed partial class BatchOptionsValidator : IValidateOptions<BatchOptions>;
