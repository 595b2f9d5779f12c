namespace Tollgate.Inference.Diffusion;

/// <summary>
/// Euler steps in σ: Karras and others, Elucidating the Design Space of Diffusion-Based Generative Models (2022), algorithm 1 of first
/// order. The sample is picture + σ·noise. The ancestral form goes below the next σ and adds new noise up to it.
/// </summary>
internal sealed class EulerScheduler : DiffusionScheduler
{
    private readonly bool _ancestral;
    private readonly double[] _timesteps;
    private readonly double[] _sigmas; // One more than timesteps.

    public EulerScheduler(SchedulerSettings settings, int steps, bool ancestral)
        : base(settings)
    {
        _ancestral = ancestral;
        var alphas = settings.Alphas;
        _timesteps = settings.Spacing == TimestepSpacing.Linspace
            ? [.. Enumerable.Range(0, steps).Select(i => Linspace(alphas.Length - 1, steps, steps - 1 - i))]
            : Space(settings, steps);
        var sigmas = Array.ConvertAll(_timesteps, timestep => NoiseSchedule.SigmaAt(alphas, timestep));
        if (settings.KarrasSigmas)
        {
            sigmas = NoiseSchedule.Karras(sigmas[0], sigmas[^1], steps);
            _timesteps = Array.ConvertAll(sigmas, sigma => NoiseSchedule.TimestepOf(alphas, sigma));
        }

        _sigmas = [.. sigmas, settings.EndsAtSigmaZero ? 0 : NoiseSchedule.Sigma(alphas[0])];
        var most = _sigmas.Max();
        InitialDeviation = settings.Spacing == TimestepSpacing.Leading ? Math.Sqrt((most * most) + 1) : most;
    }

    public override IReadOnlyList<double> Timesteps => _timesteps;

    public override double InitialDeviation { get; }

    public override double InputScale(int call) => 1 / Math.Sqrt((_sigmas[call] * _sigmas[call]) + 1);

    public override bool AddsNoise(int call) => _ancestral;

    public override void Step(
        int call, ReadOnlySpan<float> output, Span<float> sample, ReadOnlySpan<float> noise, Span<float> predicted)
    {
        var (from, to) = (_sigmas[call], _sigmas[call + 1]);
        var added = _ancestral ? Math.Sqrt(to * to * ((from * from) - (to * to)) / (from * from)) : 0;
        var reached = _ancestral ? Math.Sqrt(Math.Max(0, (to * to) - (added * added))) : to;
        var sigma = (float)from;
        var delta = (float)(reached - from);
        for (var i = 0; i < sample.Length; i++)
        {
            predicted[i] = PredictAt(sample[i], output[i], sigma);
            sample[i] += (sample[i] - predicted[i]) / sigma * delta;
            if (_ancestral)
            {
                sample[i] += noise[i] * (float)added;
            }
        }
    }

    private static double Linspace(int last, int count, int index) =>
        count == 1 ? 0 : (float)(index == count - 1 ? last : index * (last / (count - 1.0)));

    private float PredictAt(float sample, float output, float sigma)
    {
        var square = (sigma * sigma) + 1;
        return Settings.Prediction switch
        {
            PredictionType.Epsilon => sample - (sigma * output),
            PredictionType.V => (output * (-sigma / MathF.Sqrt(square))) + (sample / square),
            _ => output,
        };
    }
}
