using System.CommandLine;
using Tollgate.Clusters;

namespace Tollgate.Chaos.Tests.Batches;

/// <summary><c>./tollgate chaos batches</c></summary>
internal static class BatchCommand
{
    public static Command Create()
    {
        Option<int> lines = new("--lines") { Description = "Lines of the batch.", DefaultValueFactory = _ => 5_000 };
        Option<int> seed = new("--seed") { Description = "Seed of the kills.", DefaultValueFactory = _ => Random.Shared.Next(1_000_000) };
        var command = new Command("batches", "Kills every part while a batch runs; every line must be answered and billed once.")
        {
            lines, seed,
        };
        command.SetAction(async (parsed, _) => await RunAsync(parsed.GetValue(lines), parsed.GetValue(seed)));
        return command;
    }

    /// <summary>A cluster whose parts find each other soon after a kill, with an operator.</summary>
    public static async Task<TollgateCluster> StartAsync(string folder)
    {
        var cluster = await TollgateCluster.StartAsync(folder, new ClusterPlan
        {
            Environment = new Dictionary<string, IReadOnlyDictionary<string, string>>
            {
                ["learning"] = new Dictionary<string, string>
                {
                    ["TOLLGATE__Batches__Lease"] = "00:00:03", ["TOLLGATE__Batches__LongestPause"] = "00:00:02",
                },

                // A busy machine must not look like a part that is away.
                ["gateway"] = new Dictionary<string, string>
                {
                    ["TOLLGATE__Redis__Timeout"] = "00:00:01", ["TOLLGATE__Till__LeaseWait"] = "00:00:05",
                },
            },
        });
        using var client = new OperatorClient(cluster.Secrets.Bearers["operator"]);
        await cluster.BootstrapAsync(client);
        return cluster;
    }

    private static async Task<int> RunAsync(int lines, int seed)
    {
        await using var cluster = await StartAsync(Directory.CreateTempSubdirectory("tollgate-batches-").FullName);
        using var client = new OperatorClient(cluster.Secrets.Bearers["operator"]);
        var round = new BatchRound(cluster, client, seed, TimeProvider.System);
        var report = await round.RunAsync(
            lines,
            [cluster.Learning, cluster.Gateways[0], cluster.Workers[0], cluster.Billing, cluster.Accounts, cluster.Redis, cluster.Postgres],
            TimeSpan.FromSeconds(5), Console.WriteLine);
        await Console.Out.WriteLineAsync($"seed {seed}: {report}");
        foreach (var broken in report.Broken)
        {
            await Console.Out.WriteLineAsync($"BROKEN  {broken}");
        }

        return report.Broken.Count == 0 ? 0 : 1;
    }
}
