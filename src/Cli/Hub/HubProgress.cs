using System.Globalization;

namespace Tollgate.Cli.Hub;

/// <summary>Tells a person how far a download is: share, speed, time left.</summary>
/// <param name="bytes">What is still to come.</param>
internal sealed class HubProgress(TimeProvider clock, TextWriter report, long bytes)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly long _started = clock.GetTimestamp();
    private long _reported = clock.GetTimestamp();
    private long _fetched;
    private long _total = bytes;

    /// <summary>Counts bytes that came; fewer than none where a host sends again what was there.</summary>
    public void Add(long count)
    {
        if (count < 0)
        {
            _total -= count;
            return;
        }

        _fetched += count;
        if (clock.GetElapsedTime(_reported) < Interval)
        {
            return;
        }

        _reported = clock.GetTimestamp();
        var speed = _fetched / clock.GetElapsedTime(_started).TotalSeconds;
        var left = TimeSpan.FromSeconds(Math.Min((_total - _fetched) / speed, TimeSpan.FromDays(99).TotalSeconds));
        report.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"  {HubDownload.Size(_fetched)} of {HubDownload.Size(_total)}, {HubDownload.Size(speed)} a second, ")
            + $"{left:d\\.hh\\:mm\\:ss} left");
    }
}
