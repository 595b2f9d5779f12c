using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;

namespace Tollgate.Learning.Telemetry;

/// <summary>What the store of files holds, as one look at the database found it.</summary>
/// <param name="Files">Files that are not deleted.</param>
/// <param name="Bytes">Their plain bytes, with those of parts of open uploads.</param>
/// <param name="Removals">Contents that wait for their removal.</param>
internal sealed record FileFigures(long Files, long Bytes, long Removals);

/// <summary>The metrics of Learning. Tags are small fixed sets, never an organization. Thread-safe.</summary>
internal sealed class LearningMetrics
{
    /// <summary>Name of the meter; the service listens to it by its application's name.</summary>
    private const string MeterName = "Tollgate.Learning";

    private readonly Counter<long> _taken;
    private readonly Counter<long> _bytes;
    private readonly Counter<long> _refused;
    private readonly Counter<long> _removed;
    private readonly Counter<long> _damaged;
    private readonly Counter<long> _responsesKept;
    private readonly Counter<long> _responsesRemoved;
    private readonly Counter<long> _backgroundEnded;
    private readonly Counter<long> _lines;
    private readonly Counter<long> _batches;
    private int _runs;
    private int _trainings;
    private int _background;
    private int _transfers;
    private volatile FileFigures? _figures;

    public LearningMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        _taken = meter.CreateCounter<long>("tollgate.learning.files.taken", "{file}", "Files that were taken.");
        _bytes = meter.CreateCounter<long>("tollgate.learning.files.bytes", "By", "Plain bytes that were taken or sent.");
        _refused = meter.CreateCounter<long>("tollgate.learning.files.refused", "{request}", "Requests about files that were refused.");
        _removed = meter.CreateCounter<long>(
            "tollgate.learning.contents.removed", "{content}", "Contents that were removed from the store.");
        _damaged = meter.CreateCounter<long>("tollgate.learning.contents.damaged", "{content}", "Contents that did not open.");
        meter.CreateObservableGauge(
            "tollgate.learning.files.transfers", () => Volatile.Read(ref _transfers), "{transfer}", "Files and parts that come in now.");
        _responsesKept = meter.CreateCounter<long>("tollgate.learning.responses.kept", "{response}", "Responses that were kept.");
        _responsesRemoved = meter.CreateCounter<long>(
            "tollgate.learning.responses.removed", "{response}", "Kept responses whose content was destroyed.");
        _backgroundEnded = meter.CreateCounter<long>(
            "tollgate.learning.responses.background.ended", "{response}", "Responses in the background that ended, by their status.");
        meter.CreateObservableGauge(
            "tollgate.learning.responses.background.running", () => Volatile.Read(ref _background), "{response}",
            "Responses in the background that this process runs.");
        _lines = meter.CreateCounter<long>("tollgate.learning.batches.lines", "{line}", "Lines of batches that ended.");
        _batches = meter.CreateCounter<long>("tollgate.learning.batches.ended", "{batch}", "Batches that ended.");
        meter.CreateObservableGauge(
            "tollgate.learning.batches.running", () => Volatile.Read(ref _runs), "{batch}", "Batches that this process runs.");
        meter.CreateObservableGauge(
            "tollgate.learning.jobs.running", () => Volatile.Read(ref _trainings), "{job}", "Fine-tuning jobs that this process runs.");
        Gauge(meter, "tollgate.learning.files.held", "{file}", "Files that are not deleted.", figures => figures.Files);
        Gauge(
            meter, "tollgate.learning.files.held.bytes", "By", "Plain bytes of files and of parts of open uploads.",
            figures => figures.Bytes);
        Gauge(
            meter, "tollgate.learning.contents.removals", "{content}", "Contents without a key that the store may still have.",
            figures => figures.Removals);
    }

    /// <param name="purpose">One of the accepted purposes.</param>
    /// <param name="status"><c>processed</c> or <c>error</c>.</param>
    public void FileTaken(string purpose, string status, long bytes)
    {
        _taken.Add(1, new("purpose", purpose), new("status", status));
        _bytes.Add(bytes, Direction("in"));
    }

    public void PartTaken(long bytes) => _bytes.Add(bytes, Direction("in"));

    public void ContentSent(long bytes) => _bytes.Add(bytes, Direction("out"));

    /// <param name="code">Code or type of the error.</param>
    public void Refused(string code) => _refused.Add(1, new KeyValuePair<string, object?>("code", code));

    /// <param name="why"><c>deleted</c>, <c>orphan</c> or <c>unfinished</c>.</param>
    public void ContentRemoved(string why, int count = 1) => _removed.Add(count, new KeyValuePair<string, object?>("why", why));

    public void ContentDamaged() => _damaged.Add(1);

    public void TransferStarted() => Interlocked.Increment(ref _transfers);

    public void TransferEnded() => Interlocked.Decrement(ref _transfers);

    public void ResponseKept() => _responsesKept.Add(1);

    /// <param name="why"><c>request</c> or <c>expiry</c>.</param>
    public void ResponsesRemoved(string why, int count) => _responsesRemoved.Add(count, new KeyValuePair<string, object?>("why", why));

    /// <param name="status">As on the wire.</param>
    public void BackgroundEnded(string status) => _backgroundEnded.Add(1, new KeyValuePair<string, object?>("status", status));

    public void BackgroundRun(int count) => Volatile.Write(ref _background, count);

    /// <summary>Counts lines by the file that they stand in.</summary>
    public void LinesEnded(int completed, int failed)
    {
        _lines.Add(completed, new KeyValuePair<string, object?>("result", "completed"));
        _lines.Add(failed, new KeyValuePair<string, object?>("result", "failed"));
    }

    public void BatchEnded() => _batches.Add(1);

    public void BatchesRun(int count) => Volatile.Write(ref _runs, count);

    public void JobsRun(int count) => Volatile.Write(ref _trainings, count);

    /// <summary>Replaces what the gauges show.</summary>
    public void Seen(FileFigures figures) => _figures = figures;

    private void Gauge(Meter meter, string name, string unit, string description, Func<FileFigures, long> read) =>
        meter.CreateObservableGauge<long>(
            name, () => _figures is { } figures ? [new Measurement<long>(read(figures))] : [], unit, description);

    private static KeyValuePair<string, object?> Direction(string direction) => new("direction", direction);
}

/// <summary>Registers the metrics.</summary>
internal static class TelemetrySlice
{
    public static IServiceCollection AddLearningMetrics(this IServiceCollection services) => services.AddSingleton<LearningMetrics>();
}
