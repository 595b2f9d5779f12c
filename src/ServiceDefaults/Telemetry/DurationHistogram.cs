using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Tollgate.ServiceDefaults.Telemetry;

/// <summary>Distribution of durations. Thread-safe.</summary>
public sealed class DurationHistogram
{
    private readonly Histogram<double> _seconds;

    /// <param name="name">OpenTelemetry's name where it has one.</param>
    /// <param name="boundaries">Upper bounds of the buckets, seconds, rising.</param>
    public DurationHistogram(Meter meter, string name, string description, params IReadOnlyList<double> boundaries) =>
        _seconds = meter.CreateHistogram(
            name, "s", description, advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = boundaries });

    /// <param name="tags">Bounded values alone.</param>
    public void Record(TimeSpan elapsed, in TagList tags = default) => _seconds.Record(elapsed.TotalSeconds, tags);
}
