using System.CommandLine;
using Tollgate.Clusters;

namespace Tollgate.Chaos.Tests.Exactness;

/// <summary><c>./tollgate chaos exact</c></summary>
internal static class ExactCommand
{
    public static Command Create()
    {
        Option<int> rounds = new("--rounds") { Description = "Rounds of each variant.", DefaultValueFactory = _ => 20 };
        var command = new Command("exact", "512 calls at once over 3 gateways on money that pays for ten, in rounds.") { rounds };
        command.SetAction(async (parsed, _) => await RunAsync(parsed.GetValue(rounds)));
        return command;
    }

    private static async Task<int> RunAsync(int rounds)
    {
        await using var cluster = await TollgateCluster.StartAsync(
            Directory.CreateTempSubdirectory("tollgate-exact-").FullName, gateways: 3, workers: 1);
        using var client = new OperatorClient(cluster.Secrets.Bearers["operator"]);
        var run = new ExactRun(cluster, client, TimeProvider.System);
        await Console.Out.WriteLineAsync(ExactResult.Head);
        var faults = new List<string>();
        foreach (var variant in ExactVariant.All)
        {
            var result = await run.RunAsync(variant, rounds);
            await Console.Out.WriteLineAsync(result.ToString());
            faults.AddRange(result.Faults());
        }

        foreach (var fault in faults)
        {
            await Console.Out.WriteLineAsync($"BROKEN  {fault}");
        }

        return faults.Count == 0 ? 0 : 1;
    }
}
