namespace Tollgate.Inference.Diffusion;

/// <summary>How much noise each timestep of the training adds. Single precision, products accumulated in double, as PyTorch has it: models
/// were trained with these very numbers.</summary>
internal static class NoiseSchedule
{
    /// <summary>ᾱ at the last timestep where a σ is wanted of a schedule without any signal there: the smallest half-precision
    /// number.</summary>
    private const float LeastAlpha = 1f / (1 << 24);

    /// <summary>β growing evenly.</summary>
    public static float[] Linear(float start, float end, int count)
    {
        var step = count > 1 ? (end - start) / (count - 1) : 0;
        return [.. Enumerable.Range(0, count).Select(i => i < count / 2 ? start + (step * i) : end - (step * (count - 1 - i)))];
    }

    /// <summary>√β growing evenly: Rombach and others, High-Resolution Image Synthesis with Latent Diffusion Models (2022).</summary>
    public static float[] ScaledLinear(double start, double end, int count) =>
        [.. Linear((float)Math.Sqrt(start), (float)Math.Sqrt(end), count).Select(root => root * root)];

    /// <summary>ᾱ falling by a squared cosine: Nichol and Dhariwal, Improved Denoising Diffusion Probabilistic Models (2021), equation
    /// 17; β is at most 0.999.</summary>
    public static float[] SquaredCosine(int count)
    {
        return
        [
            .. Enumerable.Range(0, count).Select(i => (float)Math.Min(1 - (Bar((i + 1.0) / count) / Bar((double)i / count)), 0.999)),
        ];

        static double Bar(double time) => Math.Pow(Math.Cos((time + 0.008) / 1.008 * Math.PI / 2), 2);
    }

    /// <summary>ᾱ of each timestep: the product of 1 − β up to it.</summary>
    public static float[] Accumulate(IEnumerable<float> betas)
    {
        var product = 1.0;
        return [.. betas.Select(beta => (float)(product *= 1 - beta))];
    }

    /// <summary>Shifts and scales √ᾱ so that nothing of the picture is left at the last timestep: Lin and others, Common Diffusion Noise
    /// Schedules and Sample Steps Are Flawed (2023), algorithm 1.</summary>
    /// <param name="finiteSigma">Whether σ of the last timestep must be a number, as schedulers that work on σ need it.</param>
    public static float[] ToZeroTerminal(float[] alphas, bool finiteSigma)
    {
        var (first, last) = (MathF.Sqrt(alphas[0]), MathF.Sqrt(alphas[^1]));
        var bars = Array.ConvertAll(alphas, alpha => (MathF.Sqrt(alpha) - last) * (first / (first - last)));
        var betas = bars.Select((bar, i) => 1 - (i == 0 ? bar * bar : bar * bar / (bars[i - 1] * bars[i - 1])));
        var rescaled = Accumulate(betas);
        if (finiteSigma)
        {
            rescaled[^1] = LeastAlpha;
        }

        return rescaled;
    }

    /// <summary>σ of a sample that is scaled so that the picture in it has weight 1: √((1 − ᾱ) ∕ ᾱ).</summary>
    public static double Sigma(double alpha) => Math.Sqrt((1 - alpha) / alpha);

    /// <summary>σ between two timesteps, linear in the timestep.</summary>
    public static double SigmaAt(float[] alphas, double timestep)
    {
        var low = Math.Clamp((int)Math.Floor(timestep), 0, alphas.Length - 1);
        var high = Math.Min(low + 1, alphas.Length - 1);
        var (from, to) = (Sigma(alphas[low]), Sigma(alphas[high]));
        return from + ((to - from) * Math.Clamp(timestep - low, 0, 1));
    }

    /// <summary>The timestep, with a fraction, whose σ this is; linear in ln σ.</summary>
    public static double TimestepOf(float[] alphas, double sigma)
    {
        var log = Math.Log(Math.Max(sigma, 1e-10));
        var low = 0;
        while (low < alphas.Length - 2 && Math.Log(Sigma(alphas[low + 1])) <= log)
        {
            low++;
        }

        var (below, above) = (Math.Log(Sigma(alphas[low])), Math.Log(Sigma(alphas[low + 1])));
        return low + Math.Clamp((below - log) / (below - above), 0, 1);
    }

    /// <summary>σ falling evenly in its seventh root: Karras and others, Elucidating the Design Space of Diffusion-Based Generative Models
    /// (2022), equation 5.</summary>
    public static double[] Karras(double most, double least, int count)
    {
        const double Rho = 7;
        var (from, to) = (Math.Pow(most, 1 / Rho), Math.Pow(least, 1 / Rho));
        return [.. Enumerable.Range(0, count).Select(i => Math.Pow(from + ((to - from) * (count > 1 ? i / (count - 1.0) : 0)), Rho))];
    }
}
