namespace Tollgate.Inference.Diffusion;

/// <summary>
/// The way of one picture from noise to the finished sample: the timesteps at which the denoiser is called, and what each of its outputs
/// does to the sample. It draws no noise itself. Holds the outputs that a multistep method remembers; not thread-safe.
/// </summary>
internal abstract class DiffusionScheduler(SchedulerSettings settings)
{
    /// <summary>Timesteps of the denoiser's calls, in their order; with fractions for methods on a continuous σ.</summary>
    public abstract IReadOnlyList<double> Timesteps { get; }

    /// <summary>Deviation of the noise that the sample begins with.</summary>
    public virtual double InitialDeviation => 1;

    protected SchedulerSettings Settings => settings;

    /// <summary>The sample is multiplied by this before the denoiser reads it.</summary>
    public virtual double InputScale(int call) => 1;

    /// <summary>Whether the step after a call adds new noise.</summary>
    public virtual bool AddsNoise(int call) => false;

    /// <summary>Takes the sample one step on.</summary>
    /// <param name="call">Index of the call in <see cref="Timesteps"/>; each once, in order.</param>
    /// <param name="output">What the denoiser made of the scaled sample, after guidance.</param>
    /// <param name="sample">Is replaced.</param>
    /// <param name="noise">Standard normal, one number for each of the sample's; read only where the step adds noise.</param>
    /// <param name="predicted">Receives the picture that the step sees behind the noise.</param>
    public abstract void Step(
        int call, ReadOnlySpan<float> output, Span<float> sample, ReadOnlySpan<float> noise, Span<float> predicted);

    /// <summary>Timesteps of <paramref name="steps"/> steps, falling. Rounded to even, as NumPy does.</summary>
    protected static double[] Space(SchedulerSettings settings, int steps)
    {
        var training = settings.TrainingSteps;
        return settings.Spacing switch
        {
            TimestepSpacing.Linspace => Falling(i => Math.Round(i * (training - 1.0) / Math.Max(steps - 1, 1))),
            TimestepSpacing.Leading => Falling(i => (i * (training / steps)) + settings.StepsOffset),
            _ => [.. Enumerable.Range(0, steps).Select(i => Math.Round(training - (i * ((double)training / steps))) - 1)],
        };

        double[] Falling(Func<int, double> at) => [.. Enumerable.Range(0, steps).Select(i => at(steps - 1 - i))];
    }

    /// <summary>The picture that the output implies, for a sample α·picture + σ·noise.</summary>
    protected float Predict(float sample, float output, float alpha, float sigma)
    {
        var predicted = settings.Prediction switch
        {
            PredictionType.Epsilon => (sample - (sigma * output)) / alpha,
            PredictionType.V => (alpha * sample) - (sigma * output),
            _ => output,
        };
        return settings.Clip is { } range ? Math.Clamp(predicted, -range, range) : predicted;
    }

    /// <summary>The noise that the output implies, for a sample α·picture + σ·noise.</summary>
    protected float PredictNoise(float sample, float output, float alpha, float sigma) => settings.Prediction switch
    {
        PredictionType.Epsilon => output,
        PredictionType.V => (alpha * output) + (sigma * sample),
        _ => (sample - (alpha * output)) / sigma,
    };
}
