using System.CommandLine;
using Tollgate.Clusters;

namespace Tollgate.Chaos.Tests.Hostile;

/// <summary><c>./tollgate chaos hostile</c></summary>
internal static class HostileCommand
{
    public static Command Create()
    {
        Option<int> requests = new("--requests") { Description = "Connections.", DefaultValueFactory = _ => 100_000 };
        Option<int> seed = new("--seed") { Description = "Seed.", DefaultValueFactory = _ => Random.Shared.Next(1_000_000) };
        var command = new Command("hostile", "Malformed and hostile requests over sockets to one gateway.") { requests, seed };
        command.SetAction(async (parsed, _) => await RunAsync(parsed.GetValue(requests), parsed.GetValue(seed)));
        return command;
    }

    private static async Task<int> RunAsync(int requests, int seed)
    {
        await using var cluster = await TollgateCluster.StartAsync(
            Directory.CreateTempSubdirectory("tollgate-hostile-").FullName, gateways: 1, workers: 1);
        using var client = new OperatorClient(cluster.Secrets.Bearers["operator"]);
        var report = await new HostileRun(cluster, client, seed, TimeProvider.System).RunAsync(requests);
        await Console.Out.WriteLineAsync(report.ToString());
        return report.Violations.Count == 0 ? 0 : 1;
    }
}
