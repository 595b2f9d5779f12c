using System.CommandLine;
using Tollgate.Clusters;

namespace Tollgate.Chaos.Tests.Jobs;

/// <summary><c>./tollgate chaos jobs</c></summary>
internal static class JobCommand
{
    public static Command Create()
    {
        Option<int> jobs = new("--jobs") { Description = "Fine-tuning jobs.", DefaultValueFactory = _ => 10 };
        Option<int> epochs = new("--epochs") { Description = "Epochs of each.", DefaultValueFactory = _ => 150 };
        Option<int> seed = new("--seed") { Description = "Seed of the kills.", DefaultValueFactory = _ => Random.Shared.Next(1_000_000) };
        var command = new Command(
            "jobs", "Kills every part while jobs train; each must end with the same figures and be billed for each token once.")
        {
            jobs, epochs, seed,
        };
        command.SetAction(async (parsed, _) =>
            await RunAsync(parsed.GetValue(jobs), parsed.GetValue(epochs), parsed.GetValue(seed)));
        return command;
    }

    /// <summary>A cluster with a trainer whose parts find each other soon after a kill, with an operator.</summary>
    public static async Task<TollgateCluster> StartAsync(string folder)
    {
        var cluster = await TollgateCluster.StartAsync(folder, new ClusterPlan
        {
            Trainer = true,
            Environment = new Dictionary<string, IReadOnlyDictionary<string, string>>
            {
                ["learning"] = new Dictionary<string, string>
                {
                    ["TOLLGATE__Jobs__Lease"] = "00:00:03", ["TOLLGATE__Jobs__LongestPause"] = "00:00:02",
                    ["TOLLGATE__Jobs__MaxFaults"] = "1000",
                },

                // On a machine that starts parts all the time, idle processor time is rare.
                ["trainer"] = new Dictionary<string, string> { ["TOLLGATE__Trainer__LowestPriority"] = "false" },

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

    /// <summary>The parts that a round kills.</summary>
    public static IReadOnlyList<ClusterProcess> Parts(TollgateCluster cluster) =>
        [cluster.Trainer!, cluster.Learning, cluster.Gateways[0], cluster.Billing, cluster.Accounts, cluster.Workers[0], cluster.Postgres];

    private static async Task<int> RunAsync(int jobs, int epochs, int seed)
    {
        await using var cluster = await StartAsync(Directory.CreateTempSubdirectory("tollgate-jobs-").FullName);
        using var client = new OperatorClient(cluster.Secrets.Bearers["operator"]);
        var round = new JobRound(cluster, client, seed, TimeProvider.System);
        var report = await round.RunAsync(jobs, epochs, Parts(cluster), TimeSpan.FromSeconds(5), Console.WriteLine);
        await Console.Out.WriteLineAsync($"seed {seed}: {report}");
        foreach (var broken in report.Broken)
        {
            await Console.Out.WriteLineAsync($"BROKEN  {broken}");
        }

        return report.Broken.Count == 0 ? 0 : 1;
    }
}
