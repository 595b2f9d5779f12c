using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Tollgate.Learning.Jobs;

/// <summary>Limits of fine-tuning jobs, and how patient their runs are. Section <c>Jobs</c>.</summary>
internal sealed class JobOptions
{
    public const string Section = "Jobs";

    /// <summary>How long the usage row of a run that was not answered is waited for. Nobody can know whether it comes.</summary>
    public static readonly TimeSpan RowPatience = TimeSpan.FromSeconds(30);

    /// <summary>Most jobs of an organization that have not ended. Default 20.</summary>
    [Range(1, 100_000)]
    public int MaxJobs { get; init; } = 20;

    /// <summary>Jobs that one process of this service trains at once; organizations take turns. 0 trains none: another process does.
    /// Default 2.</summary>
    [Range(0, 1_000)]
    public int Concurrency { get; init; } = 2;

    /// <summary>Jobs whose plans one process asks for at once. Default 4.</summary>
    [Range(0, 1_000)]
    public int Plans { get; init; } = 4;

    /// <summary>Most bytes of a trained model. Default 4 GiB.</summary>
    [Range(1024, 1024L * 1024 * 1024 * 1024)]
    public long MaxResultBytes { get; init; } = 4L * 1024 * 1024 * 1024;

    /// <summary>Interval between looks for new jobs, cancels and pauses. Default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:01:00")]
    public TimeSpan Every { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>A job of a process that has not renewed its claim for so long goes to another one. Default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:02", "01:00:00")]
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Longest wait between two runs of a job. A <c>Retry-After</c> may be longer. Default 1 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "01:00:00")]
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How long a job waits for the trainer that has its checkpoints, before another one begins it anew. Default 10 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan TrainerPatience { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>A run without an event for so long is broken. Default 5 min.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan Silence { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long the first plan of a new job may hold its answer. Default 2 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00")]
    public TimeSpan FirstPlan { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Least time between two events of a job that tell of its progress alone; a hundredth of its run time where that is longer.
    /// Default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan ProgressEvery { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Runs in a row that end early without getting further, after which a job fails. Default 20.</summary>
    [Range(1, 10_000)]
    public int MaxFaults { get; init; } = 20;
}

[OptionsValidator]
internal sealed partial class JobOptionsValidator : IValidateOptions<JobOptions>;
