using System.Globalization;

namespace Tollgate.Cli.Downloads;

/// <summary>Tells a person how far a download is: share, speed, time left.</summary>
/// <param name="bytes">What is still to come.</param>
internal sealed class DownloadProgress(TimeProvider clock, TextWriter report, long bytes)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>When the first bytes came; their number is not counted for the speed.</summary>
    private long? _started;
    private long _reported;
    private long _first;
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
        if (_started is not { } started)
        {
            (_started, _reported, _first) = (clock.GetTimestamp(), clock.GetTimestamp(), _fetched);
            return;
        }

        if (clock.GetElapsedTime(_reported) < Interval)
        {
            return;
        }

        _reported = clock.GetTimestamp();
        var speed = (_fetched - _first) / clock.GetElapsedTime(started).TotalSeconds;
        var left = TimeSpan.FromSeconds(Math.Min((_total - _fetched) / speed, TimeSpan.FromDays(99).TotalSeconds));
        report.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"  {Download.Size(_fetched)} of {Download.Size(_total)}, {Download.Size(speed)} a second, ")
            + $"{left:d\\.hh\\:mm\\:ss} left");
    }
}
