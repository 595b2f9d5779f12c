namespace Tollgate.Inference.Diffusion;

/// <summary>Luo and others, Latent Consistency Models (2023): multistep sampling (algorithm 3) on every k-th timestep of the
/// distillation's schedule, with the boundary conditions of Song and others, Consistency Models (2023), equation 5.</summary>
internal sealed class LcmScheduler : DiffusionScheduler
{
    private const double DataDeviation = 0.5;

    private readonly double[] _timesteps;

    public LcmScheduler(SchedulerSettings settings, int steps)
        : base(settings)
    {
        var stride = settings.TrainingSteps / settings.OriginalSteps;
        _timesteps =
        [
            .. Enumerable.Range(0, steps)
                .Select(i => (int)Math.Floor(i * ((double)settings.OriginalSteps / steps)))
                .Select(index => ((settings.OriginalSteps - index) * (double)stride) - 1),
        ];
    }

    public override IReadOnlyList<double> Timesteps => _timesteps;

    public override bool AddsNoise(int call) => call < _timesteps.Length - 1;

    public override void Step(
        int call, ReadOnlySpan<float> output, Span<float> sample, ReadOnlySpan<float> noise, Span<float> predicted)
    {
        var timestep = _timesteps[call];
        var from = Settings.AlphaAt((int)timestep);
        var (alpha, sigma) = (MathF.Sqrt(from), MathF.Sqrt(1 - from));
        var scaled = timestep * Settings.TimestepScaling;
        var norm = (scaled * scaled) + (DataDeviation * DataDeviation);
        var (keep, take) = ((float)(DataDeviation * DataDeviation / norm), (float)(scaled / Math.Sqrt(norm)));
        var next = AddsNoise(call) ? Settings.AlphaAt((int)_timesteps[call + 1]) : 1;
        var (nextAlpha, nextSigma) = (MathF.Sqrt(next), MathF.Sqrt(1 - next));
        for (var i = 0; i < sample.Length; i++)
        {
            predicted[i] = (take * Predict(sample[i], output[i], alpha, sigma)) + (keep * sample[i]);
            sample[i] = AddsNoise(call) ? (nextAlpha * predicted[i]) + (nextSigma * noise[i]) : predicted[i];
        }
    }
}
