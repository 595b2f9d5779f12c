using System.CommandLine;
using Tollgate.Chaos.Tests.Load;
using Tollgate.Clusters;

namespace Tollgate.Chaos.Tests.Mixes;

/// <summary><c>./tollgate chaos mixes</c></summary>
internal static class MixCommand
{
    public static Command Create()
    {
        Option<int> rounds = new("--rounds") { Description = "Random mixes.", DefaultValueFactory = _ => 1_000 };
        Option<int> seed = new("--seed") { Description = "Seed of the mixes.", DefaultValueFactory = _ => Random.Shared.Next(1_000_000) };
        var command = new Command("mixes", "Random mixes of tasks and organizations, and a text stream beside floods.") { rounds, seed };
        command.SetAction(async (parsed, _) => await RunAsync(parsed.GetValue(rounds), parsed.GetValue(seed)));
        return command;
    }

    private static async Task<int> RunAsync(int rounds, int seed)
    {
        await using var cluster = await TollgateCluster.StartAsync(
            Directory.CreateTempSubdirectory("tollgate-mixes-").FullName, gateways: 2, workers: 1);
        using var client = new OperatorClient(cluster.Secrets.Bearers["operator"]);
        await LoadModel.InstallAllAsync(cluster);
        await new PriceChanges(cluster, client, seed, TimeProvider.System).SetAsync(CallKind.Models);
        using var run = new MixRun(cluster, client, TimeProvider.System);

        var mixes = await run.RunAsync(rounds, seed);
        await Console.Out.WriteLineAsync(mixes.ToString());
        var isSlow = false;
        var floods = CallKind.All.Where(kind => kind.Floods)
            .Select(kind => (Func<FloodRun, Task<FloodResult>>)(flood => flood.RunAsync(kind)))
            .Append(flood => flood.RunWithSchemasAsync());
        foreach (var flood in floods)
        {
            var result = await flood(new FloodRun(run, TimeProvider.System));
            await Console.Out.WriteLineAsync(result.ToString());
            isSlow |= result.Share < FloodResult.LeastShare;
        }

        return mixes.Faults.Count == 0 && !isSlow ? 0 : 1;
    }
}
