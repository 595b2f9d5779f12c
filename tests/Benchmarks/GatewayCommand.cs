using System.CommandLine;
using Tollgate.Benchmarks.Comparison;

namespace Tollgate.Benchmarks;

/// <summary><c>tollgate bench gateway</c>.</summary>
internal static class GatewayCommand
{
    private static readonly Option<int> Rounds = Number("--rounds", "Process starts of every target", 3);
    private static readonly Option<int> Seed = Number("--seed", "Decides order and gaps", 1);
    private static readonly Option<int> Seconds = Number("--seconds", "Time of each figure", 6);
    private static readonly Option<int> Rate = Number("--rate", "Requests per second of the loaded figures", 1000);
    private static readonly Option<bool> Quick = new("--quick") { Description = "One short round: a look, not a claim." };
    private static readonly Option<bool> Profile =
        new("--profile") { Description = "Samples where the CPU goes (perf) instead of comparing." };
    private static readonly Option<bool> Http2 = new("--h2c") { Description = "Measures the pass-through over HTTP/2 to the worker too." };
    private static readonly Option<string[]> Only = new("--only") { Description = "direct, pass-through, pass-through+script, tollgate." };
    private static readonly Option<string[]> Variants = new("--variant") { Description = "NAME=VALUE: also with this in the environment." };

    public static Command Create()
    {
        var command = new Command("gateway", "The gateway with everything on, beside the worker itself and bare pass-throughs.")
        {
            Rounds, Seed, Seconds, Rate, Quick, Profile, Http2, Only, Variants,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var plan = new BenchPlan
        {
            Rounds = Math.Clamp(parsed.GetValue(Rounds), 1, 100),
            Seed = parsed.GetValue(Seed),
            Measure = TimeSpan.FromSeconds(Math.Clamp(parsed.GetValue(Seconds), 1, 300)),
            LoadedRate = Math.Clamp(parsed.GetValue(Rate), 1, 100_000),
            Only = parsed.GetValue(Only) ?? [],
            Variants = parsed.GetValue(Variants) ?? [],
            Http2 = parsed.GetValue(Http2),
            Profile = parsed.GetValue(Profile),
        };
        var report = await GatewayBench.RunAsync(parsed.GetValue(Quick) ? plan.Quick() : plan, cancellationToken);
        await Console.Out.WriteAsync(ReportText.Write(report));
        await Console.Out.WriteLineAsync();
        await Console.Out.WriteLineAsync($"All rounds: {await ResultFile.WriteAsync("gateway", report.Machine.At, report)}");
        return 0;
    }

    private static Option<int> Number(string name, string what, int value) =>
        new(name) { Description = $"{what} ({value}).", DefaultValueFactory = _ => value };
}
