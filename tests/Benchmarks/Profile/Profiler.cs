using System.Globalization;
using Tollgate.Benchmarks.Comparison;
using Tollgate.Benchmarks.Load;
using Tollgate.Benchmarks.Machine;
using Tollgate.Benchmarks.Peers;
using Tollgate.LocalServers;
using Tollgate.ServiceDefaults.Processes;

namespace Tollgate.Benchmarks.Profile;

/// <summary>Where the CPU of one process goes under one kind of load.</summary>
/// <param name="MicrosecondsPerUnit">CPU for one request or one chunk, over all its parts.</param>
/// <param name="Parts">Shares of it by part, largest first; they sum to 1.</param>
/// <param name="Methods">Shares by the nearest method of a known part, largest first.</param>
internal sealed record CpuProfile(
    string Target, string Load, double MicrosecondsPerUnit, int Samples,
    IReadOnlyList<ProfileShare> Parts, IReadOnlyList<ProfileShare> Methods);

/// <summary>Something's share of all samples, 0 to 1.</summary>
internal sealed record ProfileShare(string Name, double Share);

/// <summary>
/// Samples the process in the middle with Linux's <c>perf</c> while requests pass it one by one, requests at their fastest, and chunks, and
/// gives each sample to the innermost part of the program that is on its stack.
/// </summary>
internal sealed class Profiler(Target target, BenchPlan plan, string folder)
{
    private const int MostMethods = 40;
    private const string Frequency = "997";

    /// <summary>Makes the runtime write down where its methods lie, in memory that <c>perf</c> can tell apart.</summary>
    public static readonly IReadOnlyDictionary<string, string> Environment = new Dictionary<string, string>
    {
        ["DOTNET_PerfMapEnabled"] = "1",
        ["DOTNET_EnableWriteXorExecute"] = "0",
    };

    private int Middle => target.Processes.First(process => process.InTheMiddle).Id;

    /// <exception cref="MissingServerException"><c>perf</c> is not installed.</exception>
    public async Task<IReadOnlyList<CpuProfile>> RunAsync(CancellationToken cancellationToken)
    {
        var unary = new LoadPlan(
            target.Address, RequestBytes.Chat(target.Address, target.Bearer, BenchModels.Instant, plan.MaxTokens, stream: false),
            plan.Connections, null, plan.Measure, plan.Seed);
        await WarmUp.RunAsync(target, plan, UnaryLoad.RunAsync);
        var light = await SampleAsync("unary, 1 connection", unary with { Connections = 1, PerSecond = plan.LightRate }, cancellationToken);
        var requests = await SampleAsync("unary, saturated", unary, cancellationToken);

        var stream = RequestBytes.Chat(target.Address, target.Bearer, BenchModels.Steady, 5000, stream: true);
        using var streams = await StreamLoad.OpenAsync(target.Address, stream, plan.Streams);
        await Task.Delay(plan.WarmUp, TimeProvider.System, cancellationToken);
        var before = streams.Chunks;
        var chunks = await SampleAsync(
            $"chunks of {plan.Streams} streams",
            () => Task.Delay(plan.Measure, TimeProvider.System, cancellationToken),
            () => streams.Chunks - before,
            cancellationToken);
        return [light, requests, chunks];
    }

    private async Task<CpuProfile> SampleAsync(string load, LoadPlan requests, CancellationToken cancellationToken)
    {
        long answered = 0;
        return await SampleAsync(
            load, async () => answered = (await UnaryLoad.RunAsync(requests)).Answered, () => answered, cancellationToken);
    }

    private async Task<CpuProfile> SampleAsync(string load, Func<Task> work, Func<long> units, CancellationToken cancellationToken)
    {
        var data = Path.Combine(folder, "perf.data");
        using var perf = await ChildProcess.StartAsync(new ChildSpec(
            "perf",
            [
                ServerBinaries.Find("perf", "linux-perf"), "record", "-e", "cpu-clock", "-F", Frequency, "-g", "-o", data,
                "-p", Middle.ToString(CultureInfo.InvariantCulture),
            ],
            new Dictionary<string, string>(), Path.Combine(folder, "perf.log")));
        var before = ProcessFigures.CpuSeconds(Middle);
        await work();
        var (cpu, count) = (ProcessFigures.CpuSeconds(Middle) - before, units());
        await perf.StopAsync(ChildSignal.Interrupt, TimeSpan.FromSeconds(30));

        var text = Path.Combine(folder, "perf.txt");
        File.Delete(text);
        using var script = await ChildProcess.StartAsync(new ChildSpec(
            "perf script", [ServerBinaries.Find("perf", "linux-perf"), "script", "-i", data, "-F", "comm,ip,sym,dso", "--no-inline"],
            new Dictionary<string, string>(), text));
        await script.WaitForExitAsync(cancellationToken);
        var stacks = PerfScript.Read(File.ReadLines(text)).Select(ProgramPart.Of).ToList();
        return new CpuProfile(
            target.Name, load, cpu * 1e6 / Math.Max(1, count), stacks.Count,
            Shares(stacks.Select(owner => owner.Part), int.MaxValue),
            Shares(stacks.Select(owner => $"{owner.Part}: {owner.Method}"), MostMethods));
    }

    private static List<ProfileShare> Shares(IEnumerable<string> names, int most)
    {
        var all = names.ToList();
        return [.. all.CountBy(name => name).OrderByDescending(pair => pair.Value).Take(most)
            .Select(pair => new ProfileShare(pair.Key, (double)pair.Value / all.Count))];
    }
}
