using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Tollgate.Training.Jobs;

/// <summary>How a trainer runs jobs. Section <c>Trainer</c>; the other settings are a worker's.</summary>
public sealed class TrainerOptions
{
    public const string Section = "Trainer";

    /// <summary>Jobs that train at once; others wait for a place. Default 1.</summary>
    [Range(1, 64)]
    public int Slots { get; init; } = 1;

    /// <summary>Threads of ONNX Runtime for each job. Runs of a job have equal bits only with equal threads. Default 1.</summary>
    [Range(1, 1024)]
    public int Threads { get; init; } = 1;

    /// <summary>Whether training takes only the time of the processors that nothing else on the machine wants (SCHED_IDLE, nice 19), and
    /// half of that while live work and training together need more than half of the processors. Default yes: beside busy workers jobs
    /// then hardly advance.</summary>
    public bool LowestPriority { get; init; } = true;

    /// <summary>How long files and checkpoints of a job stay that has no run. Default 7 days.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "365.00:00:00")]
    public TimeSpan KeepJobs { get; init; } = TimeSpan.FromDays(7);
}

[OptionsValidator]
internal sealed partial class TrainerOptionsValidator : IValidateOptions<TrainerOptions>;
