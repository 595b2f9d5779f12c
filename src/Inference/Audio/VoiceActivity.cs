using Tollgate.Contracts.OpenAi;

namespace Tollgate.Inference.Audio;

/// <summary>
/// Where somebody speaks in a recording, found only as far as it is asked for. Speech begins with a frame at the threshold, and ends where
/// frames stay 0.15 below it for the silence that ends speech; what lasts less than 250 ms is none. One thread at a time.
/// </summary>
/// <remarks>The rules of <c>get_speech_timestamps</c>, which Silero publishes with its model.</remarks>
internal sealed class VoiceActivity
{
    private const double Hysteresis = 0.15;
    private const double LeastThreshold = 0.01;
    private const int LeastSpeech = AudioClip.Rate / 4;
    private const int ShortestRest = AudioClip.Rate / 10;
    private const int SamplesPerMs = AudioClip.Rate / 1000;

    private readonly AudioClip _clip;
    private readonly IEnumerator<(long Start, long End)> _found;
    private readonly List<(long Start, long End)> _ranges = [];
    private readonly long _padding;
    private (long Start, long End)? _next;

    public VoiceActivity(VoiceDetector detector, AudioClip clip, VoiceChunking chunking)
    {
        (_clip, _padding) = (clip, chunking.PrefixPaddingMs * SamplesPerMs);
        _found = Find(detector.Begin(), clip, chunking).GetEnumerator();
        _next = Advance();
    }

    /// <summary>The first sample from here on that belongs to speech; the end of the recording where there is none. A rest of speech that
    /// is shorter than 100 ms holds no word.</summary>
    public long Skip(long position)
    {
        foreach (var range in RangesTo(position + ShortestRest))
        {
            if (range.End > position + ShortestRest)
            {
                return Math.Max(position, range.Start);
            }
        }

        return _clip.Samples;
    }

    /// <summary>Where a window that begins here ends: after the last speech that ends in it, or whole where none does.</summary>
    /// <param name="most">Samples of a whole window.</param>
    public long EndOf(long position, long most)
    {
        var last = RangesTo(position + most).LastOrDefault(range => range.End > position && range.End <= position + most);
        return last.End > 0 ? last.End : position + most;
    }

    /// <summary>All ranges of the recording.</summary>
    public IReadOnlyList<(long Start, long End)> All() => RangesTo(long.MaxValue);

    /// <summary>The ranges that are known once one reaches past a position, padded without overlap.</summary>
    private List<(long Start, long End)> RangesTo(long position)
    {
        while (_next is { } range && (_ranges.Count == 0 || _ranges[^1].End <= position))
        {
            var before = _ranges.Count == 0 ? 0 : _ranges[^1].End;
            _next = Advance();
            _ranges.Add((
                Math.Max(range.Start - _padding, before), Math.Min(range.End + _padding, _next?.Start ?? _clip.Samples)));
        }

        return _ranges;
    }

    private (long Start, long End)? Advance() => _found.MoveNext() ? _found.Current : null;

    private static IEnumerable<(long Start, long End)> Find(VoiceDetector.Listening listening, AudioClip clip, VoiceChunking chunking)
    {
        var quiet = Math.Max(chunking.Threshold - Hysteresis, LeastThreshold);
        var silence = (long)chunking.SilenceDurationMs * SamplesPerMs;
        var samples = new float[VoiceDetector.Frame];
        long? start = null, end = null;
        for (var at = 0L; at < clip.Samples; at += VoiceDetector.Frame)
        {
            clip.Read(at, samples);
            var probability = listening.Hear(samples);
            if (probability >= chunking.Threshold)
            {
                (start, end) = (start ?? at, null);
            }
            else if (start is { } begun && probability < quiet)
            {
                end ??= at;
                if (at - end >= silence)
                {
                    if (end - begun >= LeastSpeech)
                    {
                        yield return (begun, end.Value);
                    }

                    (start, end) = (null, null);
                }
            }
        }

        if (start is { } open && clip.Samples - open >= LeastSpeech)
        {
            yield return (open, clip.Samples);
        }
    }
}
