namespace Tollgate.Inference.Diffusion;

/// <summary>What the denoiser's output stands for.</summary>
internal enum PredictionType
{
    /// <summary>The noise in the sample. Ho and others, Denoising Diffusion Probabilistic Models (2020), section 3.2.</summary>
    Epsilon,

    /// <summary>v = α·noise − σ·picture. Salimans and Ho, Progressive Distillation (2022), appendix D.</summary>
    V,

    /// <summary>The picture without noise.</summary>
    Sample,
}

/// <summary>How the timesteps of a drawing lie in those of the training. Lin and others, Common Diffusion Noise Schedules and Sample Steps
/// Are Flawed (2023), table 2.</summary>
internal enum TimestepSpacing
{
    Leading,

    Linspace,

    Trailing,
}

/// <summary>A scheduler's class, as its <c>_class_name</c> names it.</summary>
internal enum SchedulerKind
{
    Ddim,

    Pndm,

    Euler,

    EulerAncestral,

    DpmSolver,

    Lcm,
}

/// <summary>A scheduler's configuration, read and found to be supported.</summary>
/// <param name="Alphas">ᾱ of each timestep of the training: the share of the picture in the sample's variance, falling.</param>
internal sealed record SchedulerSettings(SchedulerKind Kind, float[] Alphas, PredictionType Prediction, TimestepSpacing Spacing)
{
    /// <summary>Added to the timesteps of leading spacing.</summary>
    public int StepsOffset { get; init; }

    /// <summary>The predicted picture is held within ± this; null: it is not.</summary>
    public float? Clip { get; init; }

    /// <summary>Whether the step after the last one has no noise at all (ᾱ = 1), or that of timestep 0.</summary>
    public bool EndsAtOne { get; init; }

    public bool KarrasSigmas { get; init; }

    /// <summary>Whether the last σ is 0, or that of timestep 0.</summary>
    public bool EndsAtSigmaZero { get; init; } = true;

    /// <summary>1 or 2.</summary>
    public int SolverOrder { get; init; } = 2;

    public bool LowerOrderFinal { get; init; } = true;

    public bool EulerAtFinal { get; init; }

    /// <summary>Steps of the distillation's own schedule, of which a drawing takes some.</summary>
    public int OriginalSteps { get; init; } = 50;

    public double TimestepScaling { get; init; } = 10;

    public int TrainingSteps => Alphas.Length;

    /// <summary>Most steps of a drawing.</summary>
    public int MostSteps => Kind switch
    {
        SchedulerKind.Lcm => OriginalSteps,
        SchedulerKind.DpmSolver when Spacing != TimestepSpacing.Trailing => TrainingSteps - 1,
        _ => TrainingSteps,
    };

    /// <summary>ᾱ of a timestep; of one before the first, the value where the schedule ends.</summary>
    public float AlphaAt(int timestep) => timestep >= 0 ? Alphas[Math.Min(timestep, Alphas.Length - 1)] : EndsAtOne ? 1 : Alphas[0];

    /// <summary>Begins a drawing.</summary>
    /// <param name="steps">From 1 to <see cref="MostSteps"/>.</param>
    public DiffusionScheduler Begin(int steps)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(steps, MostSteps);
        return Kind switch
        {
            SchedulerKind.Ddim => new DdimScheduler(this, steps),
            SchedulerKind.Pndm => new PndmScheduler(this, steps),
            SchedulerKind.Euler => new EulerScheduler(this, steps, ancestral: false),
            SchedulerKind.EulerAncestral => new EulerScheduler(this, steps, ancestral: true),
            SchedulerKind.DpmSolver => new DpmSolverScheduler(this, steps),
            _ => new LcmScheduler(this, steps),
        };
    }
}
