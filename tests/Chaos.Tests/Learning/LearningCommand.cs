using System.CommandLine;
using Tollgate.Clusters;

namespace Tollgate.Chaos.Tests.Learning;

/// <summary><c>./tollgate chaos learning</c></summary>
internal static class LearningCommand
{
    public static Command Create()
    {
        Option<int> jobs = new("--jobs") { Description = "Fine-tuning jobs.", DefaultValueFactory = _ => 10 };
        Option<int> epochs = new("--epochs") { Description = "Epochs of each job.", DefaultValueFactory = _ => 150 };
        Option<int> batches = new("--batches") { Description = "Batches.", DefaultValueFactory = _ => 2 };
        Option<int> lines = new("--lines") { Description = "Lines of each batch.", DefaultValueFactory = _ => 5_000 };
        Option<int> responses = new("--responses") { Description = "Responses in the background.", DefaultValueFactory = _ => 200 };
        Option<int> seed = new("--seed")
        {
            Description = "Seed of the kills.", DefaultValueFactory = _ => Random.Shared.Next(1_000_000),
        };
        var command = new Command(
            "learning",
            "Kills every part while jobs train, batches and responses in the background run: jobs must end with the figures of an "
            + "undisturbed one, each line and each response be answered once, and all be billed once.")
        {
            jobs, epochs, batches, lines, responses, seed,
        };
        command.SetAction(async (parsed, _) =>
        {
            await using var cluster = await StartAsync(Directory.CreateTempSubdirectory("tollgate-learning-").FullName);
            using var client = new OperatorClient(cluster.Secrets.Bearers["operator"]);
            using var training = new JobWork(cluster, client, parsed.GetValue(jobs), parsed.GetValue(epochs), TimeProvider.System);
            using var running = new BatchWork(cluster, client, parsed.GetValue(batches), parsed.GetValue(lines), TimeProvider.System);
            using var background = new BackgroundWork(cluster, client, parsed.GetValue(responses), TimeProvider.System);
            LearningWork[] works =
            [
                .. parsed.GetValue(jobs) > 0 ? [training] : Array.Empty<LearningWork>(),
                .. parsed.GetValue(batches) > 0 ? [running] : Array.Empty<LearningWork>(),
                .. parsed.GetValue(responses) > 0 ? [background] : Array.Empty<LearningWork>(),
            ];
            var kills = new KillRound(parsed.GetValue(seed), TimeSpan.FromSeconds(5), TimeProvider.System);
            var report = await kills.RunAsync(works, [.. Parts(cluster), cluster.Redis], Console.WriteLine);
            await Console.Out.WriteLineAsync($"seed {parsed.GetValue(seed)}: {report}");
            return report.Broken.Count == 0 ? 0 : 1;
        });
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
                    ["TOLLGATE__Batches__Lease"] = "00:00:03", ["TOLLGATE__Batches__LongestPause"] = "00:00:02",
                    ["TOLLGATE__Background__Lease"] = "00:00:03", ["TOLLGATE__Background__LongestPause"] = "00:00:02",
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
}
