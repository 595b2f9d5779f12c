using System.Globalization;

namespace Tollgate.Contracts.OpenAi;

/// <summary>Formats durations as Go does, which OpenAI's rate-limit headers and messages use.</summary>
public static class GoDuration
{
    /// <summary>
    /// Formats such as <c>0s</c>, <c>2ms</c>, <c>8.64s</c>, <c>2m59.56s</c> or <c>1h0m0s</c>, truncated to whole milliseconds. A negative
    /// span becomes <c>0s</c>.
    /// </summary>
    public static string Format(TimeSpan span)
    {
        var milliseconds = Math.Max(0, span.Ticks / TimeSpan.TicksPerMillisecond);
        if (milliseconds == 0)
        {
            return "0s";
        }

        if (milliseconds < 1000)
        {
            return string.Create(CultureInfo.InvariantCulture, $"{milliseconds}ms");
        }

        var seconds = (milliseconds % 60_000) / 1000m;
        var minutes = milliseconds / 60_000;
        return minutes switch
        {
            0 => string.Create(CultureInfo.InvariantCulture, $"{seconds:0.###}s"),
            < 60 => string.Create(CultureInfo.InvariantCulture, $"{minutes}m{seconds:0.###}s"),
            _ => string.Create(CultureInfo.InvariantCulture, $"{minutes / 60}h{minutes % 60}m{seconds:0.###}s"),
        };
    }
}
