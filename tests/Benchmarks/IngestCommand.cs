using System.CommandLine;
using Tollgate.Benchmarks.Ingest;

namespace Tollgate.Benchmarks;

/// <summary><c>tollgate bench ingest</c>.</summary>
internal static class IngestCommand
{
    private const int Some = 200_000;
    private const int Many = 1_200_000;
    private static readonly Option<int> Events =
        new("--events") { Description = "In each part (200,000).", DefaultValueFactory = _ => Some };
    private static readonly Option<bool> Full = new("--full") { Description = "1.2 million events." };
    private static readonly Option<bool> StreamOnly = new("--stream-only") { Description = "Without the gateway's backlog." };
    private static readonly Option<int> Seed = new("--seed") { Description = "Mixes organizations (1).", DefaultValueFactory = _ => 1 };

    public static Command Create()
    {
        var command = new Command("ingest", "Usage events a second into a real Billing, and a gateway's backlog.")
        {
            Events, Full, StreamOnly, Seed,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var events = parsed.GetValue(Full) ? Many : Math.Clamp(parsed.GetValue(Events), 5_000, 10_000_000);
            var plan = new IngestPlan(events, parsed.GetValue(Seed)) { StreamOnly = parsed.GetValue(StreamOnly) };
            var report = await IngestBench.RunAsync(plan, cancellationToken);
            await Console.Out.WriteAsync(report.Write());
            await Console.Out.WriteLineAsync($"Written to {await ResultFile.WriteAsync("ingest", report.Machine.At, report)}");
            return 0;
        });
        return command;
    }
}
