namespace Tollgate.Inference.Diffusion;

/// <summary>Liu and others, Pseudo Numerical Methods for Diffusion Models on Manifolds (2022): the linear multistep method (equations 11
/// and 12), whose first step is improved by a second call instead of Runge-Kutta steps. A drawing of n steps calls the denoiser n + 1
/// times.</summary>
internal sealed class PndmScheduler : DiffusionScheduler
{
    private readonly int _stride;
    private readonly double[] _timesteps;
    private readonly List<float[]> _outputs = []; // The newest last, four at most.
    private float[] _first = [];

    public PndmScheduler(SchedulerSettings settings, int steps)
        : base(settings)
    {
        _stride = settings.TrainingSteps / steps;
        var spaced = Space(settings, steps);
        _timesteps = steps == 1 ? spaced : [spaced[0], spaced[1], .. spaced[1..]];
    }

    public override IReadOnlyList<double> Timesteps => _timesteps;

    public override void Step(
        int call, ReadOnlySpan<float> output, Span<float> sample, ReadOnlySpan<float> noise, Span<float> predicted)
    {
        var timestep = (int)_timesteps[call];
        var repeats = call == 1;
        if (!repeats)
        {
            _outputs.RemoveRange(0, Math.Max(0, _outputs.Count - 3));
            _outputs.Add(output.ToArray());
        }

        if (call == 0)
        {
            _first = sample.ToArray();
        }
        else if (repeats)
        {
            _first.CopyTo(sample);
        }

        var (from, to) = repeats
            ? (Settings.AlphaAt(timestep + _stride), Settings.AlphaAt(timestep))
            : (Settings.AlphaAt(timestep), Settings.AlphaAt(timestep - _stride));
        var (alpha, sigma) = (MathF.Sqrt(from), MathF.Sqrt(1 - from));
        var scale = MathF.Sqrt(to / from);
        var weight = (to - from) / ((from * MathF.Sqrt(1 - to)) + MathF.Sqrt(from * (1 - from) * to));
        for (var i = 0; i < sample.Length; i++)
        {
            var combined = repeats ? (output[i] + _outputs[0][i]) / 2 : Combine(i);
            predicted[i] = Predict(sample[i], combined, alpha, sigma);
            sample[i] = (scale * sample[i]) - (weight * PredictNoise(sample[i], combined, alpha, sigma));
        }
    }

    /// <summary>The Adams-Bashforth sum of the outputs so far.</summary>
    private float Combine(int i)
    {
        return _outputs.Count switch
        {
            1 => Of(1),
            2 => ((3 * Of(1)) - Of(2)) / 2,
            3 => ((23 * Of(1)) - (16 * Of(2)) + (5 * Of(3))) / 12,
            _ => ((55 * Of(1)) - (59 * Of(2)) + (37 * Of(3)) - (9 * Of(4))) / 24,
        };

        float Of(int age) => _outputs[^age][i];
    }
}
