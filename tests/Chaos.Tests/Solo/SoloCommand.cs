using System.CommandLine;
using Tollgate.Clusters;

namespace Tollgate.Chaos.Tests.Solo;

/// <summary><c>./tollgate chaos solo</c></summary>
internal static class SoloCommand
{
    public static Command Create()
    {
        Option<int> rounds = new("--rounds") { Description = "Random mixes.", DefaultValueFactory = _ => 1_000 };
        Option<int> seed = new("--seed") { Description = "Seed of the mixes.", DefaultValueFactory = _ => Random.Shared.Next(1_000_000) };
        var command = new Command("solo", "Answers of text models in random mixes, compared with those alone.") { rounds, seed };
        command.SetAction(async (parsed, _) => await RunAsync(parsed.GetValue(rounds), parsed.GetValue(seed)));
        return command;
    }

    private static async Task<int> RunAsync(int rounds, int seed)
    {
        await using var cluster = await TollgateCluster.StartAsync(
            Directory.CreateTempSubdirectory("tollgate-solo-").FullName, gateways: 2, workers: 1);
        using var client = new OperatorClient(cluster.Secrets.Bearers["operator"]);
        using var run = new SoloRun(cluster, client, TimeProvider.System);

        var report = await run.RunAsync(Math.Clamp(rounds / 5, 20, 200), rounds, seed);
        await Console.Out.WriteLineAsync(report.ToString());
        return report is { Faults.Count: 0, Unanswered.Count: 0 } ? 0 : 1;
    }
}
