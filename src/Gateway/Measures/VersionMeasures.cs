using Tollgate.Contracts.Catalogue;
using Tollgate.Gateway.Catalogue;

namespace Tollgate.Gateway.Measures;

/// <summary>How the versions of measured models did since the last report. Thread-safe.</summary>
internal sealed class VersionMeasures(AliasCatalogue catalogue)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(string Model, string Version, bool Shadow), Sums> _sums = [];

    /// <summary>Counts a request that a version answered, or failed, if the model's plan has several versions.</summary>
    /// <param name="version">Null for a request that was sent to no certain one.</param>
    /// <param name="shadow">Whether it was a copy.</param>
    /// <param name="answered">Its whole duration; null for a fault of the version or its worker.</param>
    public void Note(string model, string? version, bool shadow, TimeSpan? answered)
    {
        if (version is null || catalogue.PlanOf(model) is not { IsMeasured: true })
        {
            return;
        }

        lock (_gate)
        {
            if (!_sums.TryGetValue((model, version, shadow), out var sums))
            {
                _sums[(model, version, shadow)] = sums = new Sums();
            }

            sums.Requests++;
            if (answered is { } duration)
            {
                sums.Durations[DurationBuckets.IndexOf(duration)]++;
            }
            else
            {
                sums.Failures++;
            }
        }
    }

    /// <summary>What was counted since the last call.</summary>
    public IReadOnlyList<VersionMeasure> Take()
    {
        lock (_gate)
        {
            List<VersionMeasure> taken =
            [
                .. _sums.Select(one => new VersionMeasure(
                    one.Key.Model, one.Key.Version, one.Key.Shadow, one.Value.Requests, one.Value.Failures, one.Value.Durations)),
            ];
            _sums.Clear();
            return taken;
        }
    }

    private sealed class Sums
    {
        public long Requests { get; set; }

        public long Failures { get; set; }

        public long[] Durations { get; } = new long[DurationBuckets.Count];
    }
}
