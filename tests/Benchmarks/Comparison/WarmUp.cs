using Tollgate.Benchmarks.Load;
using Tollgate.Benchmarks.Machine;
using Tollgate.Benchmarks.Peers;

namespace Tollgate.Benchmarks.Comparison;

/// <summary>
/// Unary requests and streams as fast as they are answered, for as long as the runtime still compiles: on a busy machine that takes long,
/// and a process that compiles is not the one that will run for months.
/// </summary>
internal static class WarmUp
{
    private const string CompilerThread = ".NET Tiered Com";
    private const int Tokens = 50;

    /// <summary>Share of the process' CPU above which its runtime counts as compiling.</summary>
    private const double StillCompiling = 0.02;

    private static readonly TimeSpan Slice = TimeSpan.FromSeconds(2);

    /// <param name="send">Sends a load and looks after its failures.</param>
    /// <returns>Seconds that it took.</returns>
    public static async Task<double> RunAsync(Target target, BenchPlan plan, Func<LoadPlan, Task> send)
    {
        var started = Pace.Now;
        var unary = new LoadPlan(
            target.Address, RequestBytes.Chat(target.Address, target.Bearer, BenchModels.Instant, plan.MaxTokens, stream: false),
            plan.Connections, null, plan.WarmUp, plan.Seed);
        await send(unary);
        await send(unary with
        {
            Request = RequestBytes.Chat(target.Address, target.Bearer, BenchModels.Instant, Tokens, stream: true),
            Duration = plan.WarmUp / 3,
            UntilFirstEvent = true,
        });
        var compiling = target.Processes.Any(process => process.InTheMiddle);
        while (compiling && Pace.Now - started < Pace.Nanoseconds(plan.LongestWarmUp))
        {
            var before = Threads(target);
            await send(unary with { Duration = Slice });
            var used = Threads(target).ToDictionary(thread => thread.Key, thread => thread.Value - before.GetValueOrDefault(thread.Key));
            compiling = used.GetValueOrDefault(CompilerThread) > StillCompiling * used.Values.Sum();
        }

        return (Pace.Now - started) / 1e9;
    }

    /// <summary>CPU seconds of the threads of the process in the middle; empty when there is none.</summary>
    public static Dictionary<string, double> Threads(Target target) =>
        target.Processes.FirstOrDefault(process => process.InTheMiddle) is { } middle ? ProcessFigures.CpuSecondsByThread(middle.Id) : [];
}
