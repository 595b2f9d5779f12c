using System.Numerics;
using System.Runtime.Intrinsics;

namespace Tollgate.Inference.Audio;

/// <summary>Power spectra of eight frames of 400 numbers at once: a mixed-radix transform over four complex sequences, each of which
/// carries two frames. Thread-safe.</summary>
/// <remarks>Cooley and Tukey (1965), decimation in time with the factors 4, 4, 5 and 5.</remarks>
internal static class FrameSpectra
{
    /// <summary>Numbers of a frame.</summary>
    public const int Length = 400;

    /// <summary>Frames of one call.</summary>
    public const int Frames = 8;

    /// <summary>Numbers of a spectrum.</summary>
    public const int Bins = (Length / 2) + 1;

    private static readonly int[] Factors = [4, 4, 5, 5];
    private static readonly Complex[] Roots = [.. Enumerable.Range(0, Length).Select(k =>
        new Complex(Math.Cos(2 * Math.PI * k / Length), -Math.Sin(2 * Math.PI * k / Length)))];

    private static readonly int[] Order = [.. Enumerable.Range(0, Length).Select(place => Source(place, Length, 0))];

    /// <param name="real">First frame of each pair by position: <c>[400]</c>, a lane for each pair. Overwritten.</param>
    /// <param name="imaginary">Second frame of each pair, likewise.</param>
    /// <param name="power">Receives the squared magnitudes, <c>[8, 201]</c>: the frames of the first lane, then those of the next.</param>
    public static void Transform(Span<Vector256<double>> real, Span<Vector256<double>> imaginary, Span<double> power)
    {
        Span<Vector256<double>> re = stackalloc Vector256<double>[Length];
        Span<Vector256<double>> im = stackalloc Vector256<double>[Length];
        for (var place = 0; place < Length; place++)
        {
            (re[place], im[place]) = (real[Order[place]], imaginary[Order[place]]);
        }

        var size = 1;
        for (var stage = Factors.Length - 1; stage >= 0; stage--)
        {
            Combine(re, im, size, Factors[stage]);
            size *= Factors[stage];
        }

        for (var bin = 0; bin < Bins; bin++)
        {
            // Z = A + iB with real a and b: A = (Z(k) + Z*(-k)) / 2, B = (Z(k) - Z*(-k)) / 2i.
            var mirror = (Length - bin) % Length;
            var (sumRe, sumIm) = (re[bin] + re[mirror], im[bin] - im[mirror]);
            var (differenceRe, differenceIm) = (re[bin] - re[mirror], im[bin] + im[mirror]);
            var first = ((sumRe * sumRe) + (sumIm * sumIm)) * 0.25;
            var second = ((differenceRe * differenceRe) + (differenceIm * differenceIm)) * 0.25;
            for (var lane = 0; lane < Vector256<double>.Count; lane++)
            {
                power[(2 * lane * Bins) + bin] = first[lane];
                power[(((2 * lane) + 1) * Bins) + bin] = second[lane];
            }
        }
    }

    /// <summary>Joins transforms of <paramref name="size"/> numbers into ones that are <paramref name="factor"/> times as long.</summary>
    private static void Combine(Span<Vector256<double>> re, Span<Vector256<double>> im, int size, int factor)
    {
        var (whole, step) = (size * factor, Length / (size * factor));
        Span<Vector256<double>> partRe = stackalloc Vector256<double>[factor];
        Span<Vector256<double>> partIm = stackalloc Vector256<double>[factor];
        for (var block = 0; block < Length; block += whole)
        {
            for (var k = 0; k < size; k++)
            {
                for (var part = 0; part < factor; part++)
                {
                    var root = Roots[part * k * step];
                    var (a, b) = (re[block + (part * size) + k], im[block + (part * size) + k]);
                    partRe[part] = (a * root.Real) - (b * root.Imaginary);
                    partIm[part] = (a * root.Imaginary) + (b * root.Real);
                }

                for (var q = 0; q < factor; q++)
                {
                    var (sumRe, sumIm) = (partRe[0], partIm[0]);
                    for (var part = 1; part < factor; part++)
                    {
                        var root = Roots[part * q % factor * (Length / factor)];
                        sumRe += (partRe[part] * root.Real) - (partIm[part] * root.Imaginary);
                        sumIm += (partRe[part] * root.Imaginary) + (partIm[part] * root.Real);
                    }

                    (re[block + (q * size) + k], im[block + (q * size) + k]) = (sumRe, sumIm);
                }
            }
        }
    }

    /// <summary>The number that stands at a place when all numbers are parted by remainders, factor after factor.</summary>
    private static int Source(int place, int length, int stage)
    {
        if (stage == Factors.Length)
        {
            return 0;
        }

        var inner = length / Factors[stage];
        return (place / inner) + (Factors[stage] * Source(place % inner, inner, stage + 1));
    }
}
