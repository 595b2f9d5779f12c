using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;

namespace Tollgate.Testing;

/// <summary>
/// What one service measures from here on. Services of a test's process share the names of their meters; this takes those of one alone.
/// Thread-safe.
/// </summary>
public sealed class RecordedMetrics : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<string, double> _sums = new();
    private readonly ConcurrentDictionary<string, double> _last = new();

    /// <param name="service">Its services.</param>
    public RecordedMetrics(IServiceProvider service)
    {
        var factory = service.GetRequiredService<IMeterFactory>();
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (ReferenceEquals(instrument.Meter.Scope, factory))
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Take(instrument, value, tags));
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Take(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Take(instrument, value, tags));
        _listener.Start();
    }

    /// <summary>Sum of what was recorded under a name and its tags, such as <c>requests{outcome=ok}</c>, tags in alphabetical order;
    /// 0 when nothing was.</summary>
    public double Sum(string series) => _sums.GetValueOrDefault(series);

    /// <summary>What a gauge shows now; null when it shows nothing.</summary>
    public double? Gauge(string series)
    {
        _last.Clear();
        _listener.RecordObservableInstruments();
        return _last.TryGetValue(series, out var value) ? value : null;
    }

    public void Dispose() => _listener.Dispose();

    private void Take(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var labels = tags.ToArray().OrderBy(tag => tag.Key, StringComparer.Ordinal).Select(tag => $"{tag.Key}={tag.Value}");
        var series = tags.Length == 0 ? instrument.Name : $"{instrument.Name}{{{string.Join(',', labels)}}}";
        _sums.AddOrUpdate(series, value, (_, sum) => sum + value);
        _last[series] = value;
    }
}
