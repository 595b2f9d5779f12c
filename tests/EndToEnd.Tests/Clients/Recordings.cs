using System.Globalization;
using System.Text.RegularExpressions;

namespace Tollgate.EndToEnd.Tests.Clients;

/// <summary>A recording whose words are known, and what every answer to it must hold.</summary>
internal static partial class Recordings
{
    /// <summary>11 seconds, below the shared folder.</summary>
    public const string Jfk = "models/audio/jfk.wav";

    public const string JfkWords =
        "and so my fellow americans ask not what your country can do for you ask what you can do for your country";

    /// <summary>The words of a text, lower case, without punctuation.</summary>
    public static string Words(string text) => string.Join(' ', Word().Matches(text.ToLowerInvariant()).Select(word => word.Value));

    /// <summary>Checks SubRip or WebVTT: cues in order within the recording, which together say the text.</summary>
    /// <param name="fraction">Before the milliseconds.</param>
    public static void AssertCues(string file, char fraction, string text, int cues)
    {
        Assert.Equal(fraction == '.', file.StartsWith("WEBVTT\n\n", StringComparison.Ordinal));
        var times = Cue().Matches(file);
        Assert.Equal(cues, times.Count);
        var last = TimeSpan.Zero;
        foreach (var time in times.SelectMany(cue => cue.Groups.Values.Skip(1)).Where(group => group.Name is "from" or "to"))
        {
            var at = TimeSpan.ParseExact(time.Value.Replace(',', '.'), @"hh\:mm\:ss\.fff", CultureInfo.InvariantCulture);
            Assert.Equal(fraction, time.Value[8]);
            Assert.InRange(at, last, TimeSpan.FromSeconds(11.1)); // Whisper states times in steps of 20 ms, and may end a step late.
            last = at;
        }

        Assert.Equal(Words(text), Words(string.Join(' ', times.Select(cue => cue.Groups["text"].Value))));
    }

    [GeneratedRegex("[a-z']+")]
    private static partial Regex Word();

    [GeneratedRegex(@"(?<from>\d\d:\d\d:\d\d[.,]\d{3}) --> (?<to>\d\d:\d\d:\d\d[.,]\d{3})\n(?<text>[^\n]+)\n")]
    private static partial Regex Cue();
}
