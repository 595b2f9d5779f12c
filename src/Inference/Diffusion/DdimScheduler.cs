namespace Tollgate.Inference.Diffusion;

/// <summary>Song, Meng and Ermon, Denoising Diffusion Implicit Models (2021), equation 12 without added noise (η = 0).</summary>
internal sealed class DdimScheduler(SchedulerSettings settings, int steps) : DiffusionScheduler(settings)
{
    private readonly double[] _timesteps = Space(settings, steps);

    public override IReadOnlyList<double> Timesteps => _timesteps;

    public override void Step(
        int call, ReadOnlySpan<float> output, Span<float> sample, ReadOnlySpan<float> noise, Span<float> predicted)
    {
        var timestep = (int)_timesteps[call];
        var (from, to) = (Settings.AlphaAt(timestep), Settings.AlphaAt(timestep - (Settings.TrainingSteps / steps)));
        var (alpha, sigma) = (MathF.Sqrt(from), MathF.Sqrt(1 - from));
        var (nextAlpha, nextSigma) = (MathF.Sqrt(to), MathF.Sqrt(1 - to));
        for (var i = 0; i < sample.Length; i++)
        {
            predicted[i] = Predict(sample[i], output[i], alpha, sigma);
            sample[i] = (nextAlpha * predicted[i]) + (nextSigma * PredictNoise(sample[i], output[i], alpha, sigma));
        }
    }
}
