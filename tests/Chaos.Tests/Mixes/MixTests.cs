using Tollgate.Chaos.Tests.Load;

namespace Tollgate.Chaos.Tests.Mixes;

/// <summary>Random mixes of tasks and organizations at their shortest; <c>./tollgate chaos mixes</c> runs a thousand, and floods.</summary>
[Collection(ThreeGateways.Name)]
public sealed class MixTests(ThreeGateways shared)
{
    private const int Rounds = 10;

    [Fact]
    public async Task Every_call_of_random_mixes_is_answered_and_billed()
    {
        await LoadModel.InstallAllAsync(shared.Cluster);

        // Other tests on this cluster count on the prices of the models that it began with.
        await new PriceChanges(shared.Cluster, shared.Client, seed: 1, TimeProvider.System)
            .SetAsync(CallKind.Models.Where(model => model.Source is not null));
        using var run = new MixRun(shared.Cluster, shared.Client, TimeProvider.System);

        var report = await run.RunAsync(Rounds, seed: 20_264);

        Assert.True(report is { Faults.Count: 0, Missing: 0 }, report.ToString());
    }
}
