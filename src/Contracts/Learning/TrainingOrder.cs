namespace Tollgate.Contracts.Learning;

/// <summary>
/// Learning → gateway → trainer, <c>POST /internal/calls/v1/fine_tuning/runs</c>: plan a job, or train it from wherever its last run
/// ended. A plan is answered in one piece with a <see cref="TrainingPlan"/> and costs nothing. A run is a stream of
/// <see cref="TrainingEvent"/>; the <c>id:</c> of each counts the trained tokens of this run that are durable at the trainer.
/// </summary>
public sealed record TrainingOrder
{
    /// <summary>What trainers show, and what has a price for trained tokens: see <see cref="TrainedModels.TrainerOf"/>.</summary>
    public required string Model { get; init; }

    /// <summary>A run; otherwise a plan.</summary>
    public bool Stream { get; init; }

    /// <summary>The job, by which the trainer asks Learning for its files.</summary>
    public required Guid Job { get; init; }

    public required TrainingNumbers Numbers { get; init; }

    /// <summary>Most tokens that this run may train, as the plan said less what is paid: the hold pays for them. 0 in a plan, and in a run
    /// for which only the evaluation is left.</summary>
    public long MostTokens { get; init; }

    /// <summary>Trained tokens of the job that earlier runs were billed for; this run does not count them again.</summary>
    public long PaidTokens { get; init; }

    /// <summary>Most that this run may cost, US dollars; the gateway refuses a larger hold. Null for no limit.</summary>
    public decimal? MostUsd { get; init; }
}

/// <summary>How a job is trained. What is null is left to the method.</summary>
public sealed record TrainingNumbers
{
    /// <summary><c>supervised</c>, <c>head</c>, <c>encoder</c> or <c>lstm</c>.</summary>
    public required string Method { get; init; }

    public int? Epochs { get; init; }

    public int? BatchSize { get; init; }

    public double? LearningRateMultiplier { get; init; }

    public required long Seed { get; init; }

    /// <summary>Whether the job has a validation file; otherwise a part of the training file is held out.</summary>
    public bool HasValidationFile { get; init; }

    public double? ValidationShare { get; init; }

    public bool? StopsEarly { get; init; }

    public bool BalancesLabels { get; init; }

    public bool Int8 { get; init; }

    /// <summary>Most trained tokens of the whole job; null for no limit.</summary>
    public long? TokenBudget { get; init; }

    public int? CheckpointEvery { get; init; }
}

/// <summary>What a job will do, known before its first step: a function of its files and numbers.</summary>
/// <param name="Method"><c>head</c>, <c>encoder</c> or <c>lstm</c>.</param>
/// <param name="Reason">Why this method, one sentence.</param>
/// <param name="TokenBound">Most tokens that the job can train.</param>
/// <param name="TrainingRows">Rows that are trained on.</param>
/// <param name="ValidationRows">Rows that are held out.</param>
public sealed record TrainingPlan(
    string Method, string Reason, long TokenBound, int Epochs, int BatchSize, double LearningRateMultiplier, int TrainingRows,
    int ValidationRows);
