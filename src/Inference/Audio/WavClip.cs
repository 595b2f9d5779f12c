using System.Buffers;
using Tollgate.Contracts.Audio;

namespace Tollgate.Inference.Audio;

/// <summary>A WAV file as a recording. Samples are decoded and resampled when they are read, so that memory does not grow with the length.
/// </summary>
internal sealed class WavClip : AudioClip
{
    private readonly WavFrames _frames;
    private readonly SincFilter? _filter;

    private WavClip(WavFrames frames)
    {
        _frames = frames;
        _filter = frames.Header.Rate == Rate ? null : new SincFilter(frames.Header.Rate, Rate);
    }

    public override long Samples => _filter?.CountSamples(_frames.Header.Frames) ?? _frames.Header.Frames;

    public override long Milliseconds => _frames.Header.Milliseconds;

    /// <summary>Opens a file; null with a fault for one that cannot be read.</summary>
    /// <param name="fault">As <see cref="WavHeader.Read"/> gives it.</param>
    public static WavClip? Open(ReadOnlyMemory<byte> file, out string fault)
    {
        if (WavHeader.Read(file.Span, out fault) is not { } header)
        {
            return null;
        }

        var frames = new WavFrames(header, file);
        fault = frames.AreFinite() ? "" : "it holds numbers that are not finite";
        return fault.Length > 0 ? null : new WavClip(frames);
    }

    /// <summary>A recording of decoded samples: 16 bits, one channel, <see cref="AudioClip.Rate"/>.</summary>
    /// <param name="samples">At least two bytes.</param>
    public static WavClip OfSamples(byte[] samples) =>
        new(new WavFrames(new WavHeader(WavEncoding.Integer, 16, 1, Rate, DataStart: 0, samples.Length / 2), samples));

    public override void Read(long start, Span<float> destination)
    {
        if (_filter is null)
        {
            _frames.Read(start, destination);
            return;
        }

        var needed = _filter.CountFrames(destination.Length);
        var source = ArrayPool<float>.Shared.Rent(needed);
        try
        {
            _frames.Read(_filter.FirstFrame(start), source.AsSpan(0, needed));
            _filter.Apply(start, source.AsSpan(0, needed), destination);
            destination[(int)Math.Clamp(Samples - start, 0, destination.Length)..].Clear();
        }
        finally
        {
            ArrayPool<float>.Shared.Return(source);
        }
    }
}
