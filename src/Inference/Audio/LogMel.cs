using System.Runtime.Intrinsics;

namespace Tollgate.Inference.Audio;

/// <summary>
/// Whisper's front end: 30 s of sound become log-mel features, one column every 10 ms. Frames of 400 samples under a periodic Hann window,
/// the ends mirrored; power spectrum; Slaney mel filters; log10, cut 8 below the loudest value, then (x + 4) / 4. Thread-safe.
/// </summary>
/// <remarks>Radford and others, Robust Speech Recognition via Large-Scale Weak Supervision (2022), section 2.2.</remarks>
internal sealed class LogMel(int bins)
{
    /// <summary>Samples of a window: 30 s.</summary>
    public const int WindowSamples = 30 * AudioClip.Rate;

    /// <summary>Samples from one column to the next.</summary>
    public const int Hop = 160;

    /// <summary>Columns of a window.</summary>
    public const int Columns = WindowSamples / Hop;

    private const double Floor = 1e-10;
    private const double Range = 8;

    private static readonly double[] Window = [.. Enumerable.Range(0, FrameSpectra.Length).Select(i =>
        0.5 - (0.5 * Math.Cos(2 * Math.PI * i / FrameSpectra.Length)))];

    private readonly MelFilters _filters = new(bins);

    /// <summary>Rows of the features.</summary>
    public int Bins => bins;

    /// <summary>Computes the features of a window.</summary>
    /// <param name="samples">1 to <see cref="WindowSamples"/> samples; silence follows them.</param>
    /// <param name="features">Receives <c>[bins, 3000]</c>, row-major.</param>
    public void Compute(ReadOnlySpan<float> samples, Span<float> features)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(samples.Length, WindowSamples);
        ArgumentOutOfRangeException.ThrowIfNotEqual(features.Length, bins * Columns);
        features.Fill((float)Math.Log10(Floor));
        Span<Vector256<double>> first = stackalloc Vector256<double>[FrameSpectra.Length];
        Span<Vector256<double>> second = stackalloc Vector256<double>[FrameSpectra.Length];
        var power = new double[FrameSpectra.Frames * FrameSpectra.Bins];
        Span<double> lanes = stackalloc double[FrameSpectra.Frames];

        // Columns that hear nothing keep the floor; a full window's last ones also hear its mirrored end.
        var heard = Math.Min(Columns, ((samples.Length + (FrameSpectra.Length / 2) - 1) / Hop) + 1);
        for (var column = 0; column < heard; column += FrameSpectra.Frames)
        {
            for (var i = 0; i < FrameSpectra.Length; i++)
            {
                for (var frame = 0; frame < FrameSpectra.Frames; frame++)
                {
                    lanes[frame] = Sample(samples, ((column + frame) * Hop) + i - (FrameSpectra.Length / 2)) * Window[i];
                }

                first[i] = Vector256.Create(lanes[0], lanes[2], lanes[4], lanes[6]);
                second[i] = Vector256.Create(lanes[1], lanes[3], lanes[5], lanes[7]);
            }

            FrameSpectra.Transform(first, second, power);
            for (var frame = 0; frame < FrameSpectra.Frames && column + frame < Columns; frame++)
            {
                var spectrum = power.AsSpan(frame * FrameSpectra.Bins, FrameSpectra.Bins);
                for (var bin = 0; bin < bins; bin++)
                {
                    features[(bin * Columns) + column + frame] = (float)Math.Log10(Math.Max(Floor, _filters.Apply(bin, spectrum)));
                }
            }
        }

        Scale(features);
    }

    private static void Scale(Span<float> features)
    {
        var loudest = float.NegativeInfinity;
        foreach (var value in features)
        {
            loudest = Math.Max(loudest, value);
        }

        foreach (ref var value in features)
        {
            value = (float)((Math.Max(value, loudest - Range) + 4) / 4);
        }
    }

    private static double Sample(ReadOnlySpan<float> samples, int at)
    {
        at = at < 0 ? -at : at >= WindowSamples ? (2 * (WindowSamples - 1)) - at : at;
        return at < samples.Length ? samples[at] : 0;
    }
}
