using System.CommandLine;
using Tollgate.Benchmarks.Ingest;

namespace Tollgate.Benchmarks;

/// <summary><c>tollgate bench ingest</c>.</summary>
internal static class IngestCommand
{
    private const int Some = 200_000;
    private const int Many = 1_200_000;
    private static readonly Option<bool> Full = new("--full") { Description = "1.2 million events instead of 200,000." };
    private static readonly Option<int> Seed = new("--seed") { Description = "Mixes organizations (1).", DefaultValueFactory = _ => 1 };

    public static Command Create()
    {
        var command = new Command("ingest", "Usage events a second into a real Billing, and a gateway's backlog.") { Full, Seed };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var plan = new IngestPlan(parsed.GetValue(Full) ? Many : Some, parsed.GetValue(Seed));
            var report = await IngestBench.RunAsync(plan, cancellationToken);
            await Console.Out.WriteAsync(report.Write());
            return 0;
        });
        return command;
    }
}
