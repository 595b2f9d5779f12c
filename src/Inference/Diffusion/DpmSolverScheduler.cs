namespace Tollgate.Inference.Diffusion;

/// <summary>Lu and others, DPM-Solver++ (2022): the multistep method of second order (2M, algorithm 2), in its midpoint form.</summary>
internal sealed class DpmSolverScheduler : DiffusionScheduler
{
    /// <summary>A drawing of fewer steps ends with a step of first order.</summary>
    private const int FewSteps = 15;

    private readonly double[] _timesteps;
    private readonly double[] _sigmas; // One more than timesteps.
    private float[] _earlier = [];

    public DpmSolverScheduler(SchedulerSettings settings, int steps)
        : base(settings)
    {
        var alphas = settings.Alphas;
        if (settings.KarrasSigmas)
        {
            _sigmas = NoiseSchedule.Karras(NoiseSchedule.Sigma(alphas[^1]), NoiseSchedule.Sigma(alphas[0]), steps);
            _timesteps = Array.ConvertAll(_sigmas, sigma => Math.Round(NoiseSchedule.TimestepOf(alphas, sigma)));
        }
        else
        {
            _timesteps = SpaceBetween(settings, steps);
            _sigmas = Array.ConvertAll(_timesteps, timestep => NoiseSchedule.SigmaAt(alphas, timestep));
        }

        _sigmas = [.. _sigmas, settings.EndsAtSigmaZero ? 0 : NoiseSchedule.Sigma(alphas[0])];
    }

    public override IReadOnlyList<double> Timesteps => _timesteps;

    public override void Step(
        int call, ReadOnlySpan<float> output, Span<float> sample, ReadOnlySpan<float> noise, Span<float> predicted)
    {
        var (now, next) = (Level.Of(_sigmas[call]), Level.Of(_sigmas[call + 1]));
        for (var i = 0; i < sample.Length; i++)
        {
            predicted[i] = Predict(sample[i], output[i], (float)now.Alpha, (float)now.Sigma);
        }

        var scale = (float)(next.Sigma / now.Sigma);
        var weight = (float)(next.Alpha * (1 - Math.Exp(now.Lambda - next.Lambda)));
        var second = IsSecondOrder(call) ? SecondWeight(call, now, next, weight) : 0;
        for (var i = 0; i < sample.Length; i++)
        {
            sample[i] = (scale * sample[i]) + (weight * predicted[i]);
            if (second != 0)
            {
                sample[i] += second * (predicted[i] - _earlier[i]);
            }
        }

        _earlier = predicted.ToArray();
    }

    /// <summary>Timesteps of n + 1 steps without the last one, except for trailing spacing.</summary>
    private static double[] SpaceBetween(SchedulerSettings settings, int steps)
    {
        var training = settings.TrainingSteps;
        return settings.Spacing switch
        {
            TimestepSpacing.Linspace => [.. Enumerable.Range(0, steps).Select(i => Math.Round((steps - i) * ((training - 1.0) / steps)))],
            TimestepSpacing.Leading =>
                [.. Enumerable.Range(0, steps).Select(i => (double)((steps - i) * (training / (steps + 1))) + settings.StepsOffset)],
            _ => Space(settings, steps),
        };
    }

    private bool IsSecondOrder(int call)
    {
        var last = call == _timesteps.Length - 1
            && (Settings.EulerAtFinal || Settings.EndsAtSigmaZero || (Settings.LowerOrderFinal && _timesteps.Length < FewSteps));
        return Settings.SolverOrder > 1 && call > 0 && !last;
    }

    /// <summary>Weight of the difference to the earlier prediction: half the first weight, over the ratio of the two steps in λ.</summary>
    private float SecondWeight(int call, Level now, Level next, float weight)
    {
        var before = Level.Of(_sigmas[call - 1]);
        return (float)(0.5 * weight * (next.Lambda - now.Lambda) / (now.Lambda - before.Lambda));
    }

    /// <summary>Weights of picture and noise in a sample of variance 1, and half the logarithm of their squares' ratio.</summary>
    private readonly record struct Level(double Alpha, double Sigma, double Lambda)
    {
        public static Level Of(double sigma)
        {
            var alpha = 1 / Math.Sqrt((sigma * sigma) + 1);
            return new Level(alpha, sigma * alpha, -Math.Log(sigma));
        }
    }
}
