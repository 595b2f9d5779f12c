namespace Tollgate.Inference.Tasks.Transcription;

/// <summary>A part of a recording with its text.</summary>
/// <param name="Seek">Beginning of its window, in steps of 10 ms.</param>
/// <param name="Start">Seconds from the recording's beginning, at least 0.</param>
/// <param name="End">Seconds, from the start to the recording's end.</param>
/// <param name="Text">As the model wrote it, mostly with a space in front; never blank.</param>
/// <param name="Tokens">Its tokens, times among them.</param>
/// <param name="Logprobs">Of its tokens.</param>
/// <param name="Window">What was written about its window.</param>
/// <param name="CompressionRatio">Of the window's text.</param>
internal sealed record SpeechSegment(
    long Seek, double Start, double End, string Text, IReadOnlyList<int> Tokens, IReadOnlyList<float> Logprobs, WindowText Window,
    double CompressionRatio)
{
    /// <summary>Its words; none where they were not asked for.</summary>
    public IReadOnlyList<SpeechWord> Words { get; init; } = [];
}

/// <summary>Cuts what a model wrote about a window into segments by its times.</summary>
internal static class SpeechSegments
{
    private const double Step = 0.02;

    /// <param name="window">The text, with times.</param>
    /// <param name="first">The token of 0 s.</param>
    /// <param name="length">Seconds of sound in the window.</param>
    /// <returns>Ranges of the tokens with their times, and where the next window begins: seconds, or the length for a whole one.</returns>
    public static (IReadOnlyList<(Range Tokens, double Start, double End)> Parts, double Next) Cut(
        WindowText window, int first, double length)
    {
        var tokens = window.Tokens;
        var parts = new List<(Range, double, double)>();
        var pairs = Enumerable.Range(1, Math.Max(0, tokens.Count - 1)).Where(i => tokens[i - 1] >= first && tokens[i] >= first).ToList();
        var endsInside = tokens.Count >= 2 && tokens[^2] < first && tokens[^1] >= first; // The last part has an end and no next one.
        if (pairs.Count == 0)
        {
            var latest = tokens.LastOrDefault(token => token >= first, first);
            parts.Add((.., 0, latest > first ? Math.Min(length, (latest - first) * Step) : length));
            return (parts, length);
        }

        if (endsInside)
        {
            pairs.Add(tokens.Count);
        }

        var begin = 0;
        foreach (var end in pairs)
        {
            parts.Add((begin..end, Time(tokens[begin]), Time(tokens[end - 1])));
            begin = end;
        }

        var next = Time(tokens[begin - 1]);
        return (parts, endsInside || next <= 0 ? length : Math.Min(next, length));

        double Time(int token) => Math.Min(length, (token - first) * Step);
    }
}
