using System.Text.Json.Serialization;

namespace Tollgate.Inference.Pictures;

/// <summary>A filter for resizing, by the numbers that image processors share with Pillow.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ResizeFilter>))]
internal enum ResizeFilter
{
    Lanczos = 1,
    Bilinear = 2,
    Bicubic = 3,
}

/// <summary>
/// The weights with which source pixels along one axis make each target pixel. When the picture shrinks, the filter is stretched by the
/// factor, so that it averages instead of skipping.
/// </summary>
/// <remarks>Pillow's documented convolution resampling: bicubic with a = −0.5, Lanczos with three lobes, fixed-point weights of 22
/// bits.</remarks>
internal sealed class ResizeWeights
{
    /// <summary>Fraction bits of a weight.</summary>
    public const int Bits = 22;

    private readonly int[] _first;
    private readonly int[][] _weights;

    private ResizeWeights(int[] first, int[][] weights) => (_first, _weights) = (first, weights);

    /// <summary>Target pixels.</summary>
    public int Count => _first.Length;

    /// <param name="source">Source pixels of the axis.</param>
    /// <param name="target">Target pixels of the whole axis.</param>
    /// <param name="start">The first target pixel that is wanted.</param>
    /// <param name="count">Target pixels that are wanted.</param>
    public static ResizeWeights Make(ResizeFilter filter, int source, int target, int start, int count)
    {
        var scale = (double)source / target;
        var stretch = Math.Max(scale, 1);
        var reach = ReachOf(filter) * stretch;
        var (firsts, weights) = (new int[count], new int[count][]);
        for (var i = 0; i < count; i++)
        {
            var center = (start + i + 0.5) * scale;
            var first = Math.Max((int)(center - reach + 0.5), 0);
            var taps = new double[Math.Min((int)(center + reach + 0.5), source) - first];
            for (var tap = 0; tap < taps.Length; tap++)
            {
                taps[tap] = WeightOf(filter, (first + tap - center + 0.5) / stretch);
            }

            var sum = taps.Sum();
            firsts[i] = first;
            weights[i] = Array.ConvertAll(
                taps, tap => (int)Math.Round(tap / sum * (1 << Bits), MidpointRounding.AwayFromZero));
        }

        return new ResizeWeights(firsts, weights);
    }

    /// <summary>The first source pixel of a target pixel.</summary>
    public int First(int index) => _first[index];

    /// <summary>The weights of a target pixel, from its first source pixel on; together 1 in fixed point.</summary>
    public ReadOnlySpan<int> Of(int index) => _weights[index];

    private static double ReachOf(ResizeFilter filter) => filter switch
    {
        ResizeFilter.Bilinear => 1,
        ResizeFilter.Bicubic => 2,
        _ => 3,
    };

    private static double WeightOf(ResizeFilter filter, double x)
    {
        const double A = -0.5;
        x = Math.Abs(x);
        return filter switch
        {
            ResizeFilter.Bilinear => Math.Max(1 - x, 0),
            ResizeFilter.Bicubic => x < 1 ? ((((A + 2) * x) - (A + 3)) * x * x) + 1
                : x < 2 ? ((((x - 5) * x) + 8) * x - 4) * A : 0,
            _ => x < 3 ? Sinc(x) * Sinc(x / 3) : 0,
        };
    }

    private static double Sinc(double x) => x == 0 ? 1 : Math.Sin(x * Math.PI) / (x * Math.PI);
}
