using Tollgate.Benchmarks.Load;
using Tollgate.Benchmarks.Machine;
using Tollgate.Benchmarks.Peers;

namespace Tollgate.Benchmarks.Comparison;

/// <summary>Figures of one target in one round, by name (see <see cref="Figure"/>).</summary>
internal sealed record RoundResult(string Target, int Round, SortedDictionary<string, double> Figures);

/// <summary>Names of the figures. Those per process end with the process' name.</summary>
internal static class Figure
{
    public const string LightP50 = "unary, 1 connection, p50 us";
    public const string LightP99 = "unary, 1 connection, p99 us";
    public const string LoadedP50 = "unary, loaded, p50 us";
    public const string LoadedP99 = "unary, loaded, p99 us";
    public const string LoadedCpu = "unary, loaded, cpu us per request: ";
    public const string Saturation = "unary, saturated, requests per second";
    public const string SaturationCpu = "unary, saturated, cpu us per request: ";
    public const string SaturationThreads = "unary, saturated, cpu us per request by thread: ";
    public const string FirstP50 = "stream, first event, p50 us";
    public const string FirstP99 = "stream, first event, p99 us";
    public const string ChunkP50 = "stream, chunk delay, p50 us";
    public const string ChunkP99 = "stream, chunk delay, p99 us";
    public const string Chunks = "stream, chunks per second";
    public const string ChunkCpu = "stream, cpu us per chunk: ";
    public const string Resident = "memory, MB before idle streams";
    public const string ResidentPerThousand = "memory, MB per 1,000 idle streams";
    public const string WarmUp = "seconds of warm-up, until the runtime had compiled";
    public const string Lateness = "generator, p99 us late";
    public const string Failed = "requests failed";
}

/// <summary>
/// Measures one target that was just started: unary calls lightly, loaded and saturated, streams, and streams that stand.
/// </summary>
internal sealed class Round(Target target, BenchPlan plan, int number)
{
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(1);
    private readonly SortedDictionary<string, double> _figures = new(StringComparer.Ordinal);

    public async Task<RoundResult> RunAsync()
    {
        _figures[Figure.WarmUp] = await WarmUp.RunAsync(target, plan, SendAsync);
        await Task.Delay(Settle, TimeProvider.System);
        await MeasureLightAsync();
        await MeasureLoadedAsync();
        await MeasureSaturationAsync();
        await MeasureFirstEventsAsync();
        await MeasureChunksAsync();
        await MeasureIdleAsync();
        return new RoundResult(target.Name, number, _figures);
    }

    private async Task MeasureLightAsync()
    {
        var load = await SendAsync(Unary(plan.LightRate, connections: 1));
        Keep(load.Latencies, Figure.LightP50, Figure.LightP99);
        _figures[Figure.Lateness] = load.Lateness.Microseconds(0.99);
    }

    private async Task MeasureLoadedAsync()
    {
        var before = ReadCpu();
        var load = await SendAsync(Unary(plan.LoadedRate, plan.Connections));
        KeepCpu(before, load.Answered, Figure.LoadedCpu);
        Keep(load.Latencies, Figure.LoadedP50, Figure.LoadedP99);
    }

    private async Task MeasureSaturationAsync()
    {
        var (before, threads) = (ReadCpu(), WarmUp.Threads(target));
        var load = await SendAsync(Unary(perSecond: null, plan.Connections));
        KeepCpu(before, load.Answered, Figure.SaturationCpu);
        foreach (var (thread, after) in WarmUp.Threads(target))
        {
            _figures[Figure.SaturationThreads + thread] = (after - threads.GetValueOrDefault(thread)) * 1e6 / load.Answered;
        }

        _figures[Figure.Saturation] = load.PerSecond;
    }

    private async Task MeasureFirstEventsAsync()
    {
        var load = await SendAsync(Unary(plan.LightRate / 2, connections: 1) with
        {
            Request = Request(BenchModels.Instant, 2, stream: true),
            UntilFirstEvent = true,
        });
        Keep(load.Latencies, Figure.FirstP50, Figure.FirstP99);
    }

    private async Task MeasureChunksAsync()
    {
        using var streams = await StreamLoad.OpenAsync(target.Address, Request(BenchModels.Steady, 5000, stream: true), plan.Streams);
        await Task.Delay(Settle, TimeProvider.System);
        var (before, chunks, started) = (ReadCpu(), streams.Chunks, Pace.Now);
        streams.Record();
        await Task.Delay(plan.Measure, TimeProvider.System);
        var delays = streams.Recorded();
        chunks = streams.Chunks - chunks;
        KeepCpu(before, chunks, Figure.ChunkCpu);
        Keep(delays, Figure.ChunkP50, Figure.ChunkP99);
        _figures[Figure.Chunks] = chunks / ((Pace.Now - started) / 1e9);
        CountFailures(streams.Broken);
    }

    private async Task MeasureIdleAsync()
    {
        if (target.Processes.FirstOrDefault(process => process.InTheMiddle) is not { } middle || plan.IdleStreams == 0)
        {
            return;
        }

        await Task.Delay(Settle, TimeProvider.System);
        var before = ProcessFigures.ResidentBytes(middle.Id);
        using var streams = await IdleStreams.OpenAsync(target.Address, Request(BenchModels.Idle, 100, stream: true), plan.IdleStreams);
        await Task.Delay(Settle, TimeProvider.System);
        const double Megabyte = 1024 * 1024;
        _figures[Figure.Resident] = before / Megabyte;
        _figures[Figure.ResidentPerThousand] = (ProcessFigures.ResidentBytes(middle.Id) - before) / Megabyte * 1000 / plan.IdleStreams;
    }

    private LoadPlan Unary(double? perSecond, int connections) => new(
        target.Address, Request(BenchModels.Instant, plan.MaxTokens, stream: false), connections, perSecond, plan.Measure,
        HashCode.Combine(plan.Seed, number));

    private byte[] Request(string model, int maxTokens, bool stream) =>
        RequestBytes.Chat(target.Address, target.Bearer, model, maxTokens, stream);

    /// <exception cref="InvalidOperationException">Nothing was answered: there is nothing to measure.</exception>
    private async Task<LoadResult> SendAsync(LoadPlan load)
    {
        var result = await UnaryLoad.RunAsync(load);
        CountFailures(result.Failed);
        if (result.Failure is { } failure)
        {
            var all = result.Failed + result.Answered;
            await Console.Error.WriteLineAsync($"  {target.Name}: {result.Failed} of {all} failed, first: {failure}");
        }

        return result.Answered > 0 ? result : throw new InvalidOperationException($"{target.Name} answered nothing: {result.Failure}");
    }

    private void CountFailures(long count) => _figures[Figure.Failed] = _figures.GetValueOrDefault(Figure.Failed) + count;

    private void Keep(Sample sample, string p50, string p99) =>
        (_figures[p50], _figures[p99]) = (sample.Microseconds(0.5), sample.Microseconds(0.99));

    private Dictionary<string, double> ReadCpu() =>
        target.Processes.ToDictionary(process => process.Name, process => ProcessFigures.CpuSeconds(process.Id));

    private void KeepCpu(Dictionary<string, double> before, long count, string figure)
    {
        foreach (var (process, after) in ReadCpu())
        {
            _figures[figure + process] = (after - before[process]) * 1e6 / Math.Max(1, count);
        }
    }
}
