namespace Tollgate.Inference.Audio;

/// <summary>Triangular filters on Slaney's mel scale, from 0 Hz to 8 kHz, each of the area 1. Thread-safe.</summary>
/// <remarks>Slaney, Auditory Toolbox 2 (1998): linear below 1 kHz, 27 steps to each factor of 6.4 above it.</remarks>
internal sealed class MelFilters
{
    private const double LinearHertz = 200.0 / 3;
    private const double BreakHertz = 1000;
    private const double BreakMel = BreakHertz / LinearHertz;
    private const double Highest = AudioClip.Rate / 2.0;

    private static readonly double LogStep = Math.Log(6.4) / 27;

    private readonly (int First, double[] Weights)[] _filters;

    /// <param name="count">Number of filters.</param>
    public MelFilters(int count)
    {
        var edges = Enumerable.Range(0, count + 2).Select(i => ToHertz(ToMel(Highest) * i / (count + 1))).ToArray();
        _filters = [.. Enumerable.Range(0, count).Select(i => MakeFilter(edges[i], edges[i + 1], edges[i + 2]))];
    }

    public int Count => _filters.Length;

    /// <summary>Applies one filter to a spectrum of <see cref="FrameSpectra.Bins"/> numbers.</summary>
    public double Apply(int filter, ReadOnlySpan<double> power)
    {
        var (first, weights) = _filters[filter];
        var sum = 0.0;
        for (var i = 0; i < weights.Length; i++)
        {
            sum += weights[i] * power[first + i];
        }

        return sum;
    }

    private static (int First, double[] Weights) MakeFilter(double low, double middle, double high)
    {
        var all = Enumerable.Range(0, FrameSpectra.Bins).Select(bin => Highest * bin / (FrameSpectra.Bins - 1))
            .Select(hertz => Math.Max(0, Math.Min((hertz - low) / (middle - low), (high - hertz) / (high - middle))) * 2 / (high - low))
            .ToArray();
        var first = Math.Max(0, Array.FindIndex(all, weight => weight > 0));
        var last = Array.FindLastIndex(all, weight => weight > 0);
        return (first, all[first..(last + 1)]);
    }

    private static double ToMel(double hertz) =>
        hertz < BreakHertz ? hertz / LinearHertz : BreakMel + (Math.Log(hertz / BreakHertz) / LogStep);

    private static double ToHertz(double mel) =>
        mel < BreakMel ? mel * LinearHertz : BreakHertz * Math.Exp((mel - BreakMel) * LogStep);
}
