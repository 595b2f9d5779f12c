using System.Numerics;
using System.Numerics.Tensors;

namespace Tollgate.Inference.Audio;

/// <summary>
/// Changes a sampling rate by a windowed sinc: 64 zero crossings a side, Kaiser window of β 9, cut-off at 0.94 of the lower of the two
/// half-rates. Tones up to 0.88 of that half-rate keep their level within 0.1 %; tones beyond it lose 80 dB or more. Thread-safe.
/// </summary>
/// <remarks>Crochiere and Rabiner, Multirate Digital Signal Processing (1983), chapter 4.</remarks>
internal sealed class SincFilter
{
    private const int Crossings = 64;
    private const double Beta = 9;
    private const double RollOff = 0.94;
    private const int MostWeights = 1 << 20;

    private readonly long _up;
    private readonly long _down;
    private readonly int _phases;
    private readonly int _taps;
    private readonly float[] _weights;

    /// <param name="from">Rate of the source, Hz.</param>
    /// <param name="to">Rate of the result, Hz.</param>
    public SincFilter(int from, int to)
    {
        var common = (long)BigInteger.GreatestCommonDivisor(from, to);
        (_up, _down) = (to / common, from / common);
        var cut = RollOff * Math.Min(1, (double)to / from);
        var half = (int)Math.Ceiling(Crossings / cut);
        _taps = 2 * half;

        // Rates without a common divisor have too many positions between two frames: the one before on a grid is taken.
        _phases = (int)Math.Min(_up, Math.Max(1, MostWeights / _taps));
        _weights = new float[_phases * _taps];
        for (var phase = 0; phase < _phases; phase++)
        {
            FillPhase(_weights.AsSpan(phase * _taps, _taps), (double)phase / _phases, cut, half);
        }
    }

    /// <summary>Samples of the result for so many frames of the source.</summary>
    public long CountSamples(long frames) => ((frames * _up) + _down - 1) / _down;

    /// <summary>Frames of the source that so many samples of the result need.</summary>
    public int CountFrames(int samples) => (int)((samples * _down / _up) + _taps + 2);

    /// <summary>First frame of the source that the sample at <paramref name="start"/> needs; negative at the beginning.</summary>
    public long FirstFrame(long start) => (start * _down / _up) - (_taps / 2) + 1;

    /// <param name="start">Index of the first sample to compute.</param>
    /// <param name="frames">The source from <see cref="FirstFrame"/> on, <see cref="CountFrames"/> of them.</param>
    /// <param name="samples">Receives the samples.</param>
    public void Apply(long start, ReadOnlySpan<float> frames, Span<float> samples)
    {
        var first = start * _down / _up;
        for (var i = 0; i < samples.Length; i++)
        {
            var position = (start + i) * _down;
            var (frame, phase) = (position / _up, position % _up * _phases / _up);
            samples[i] = TensorPrimitives.Dot(
                frames.Slice((int)(frame - first), _taps), _weights.AsSpan((int)phase * _taps, _taps));
        }
    }

    /// <summary>The weights of the frames around a sample that lies <paramref name="fraction"/> of a frame behind the middle one; their sum
    /// is 1.</summary>
    private static void FillPhase(Span<float> weights, double fraction, double cut, int half)
    {
        Span<double> exact = weights.Length <= 1024 ? stackalloc double[weights.Length] : new double[weights.Length];
        var sum = 0.0;
        for (var tap = 0; tap < weights.Length; tap++)
        {
            var distance = tap - half + 1 - fraction;
            var edge = distance / half;
            var window = Math.Abs(edge) >= 1 ? 0 : Bessel(Beta * Math.Sqrt(1 - (edge * edge)));
            var angle = Math.PI * cut * distance;
            exact[tap] = window * (Math.Abs(angle) < 1e-9 ? 1 : Math.Sin(angle) / angle);
            sum += exact[tap];
        }

        for (var tap = 0; tap < weights.Length; tap++)
        {
            weights[tap] = (float)(exact[tap] / sum);
        }
    }

    /// <summary>The modified Bessel function of order 0, by its power series.</summary>
    private static double Bessel(double x)
    {
        var (sum, term) = (1.0, 1.0);
        for (var k = 1; term > sum * 1e-16; k++)
        {
            term *= x / (2 * k) * (x / (2 * k));
            sum += term;
        }

        return sum;
    }
}
