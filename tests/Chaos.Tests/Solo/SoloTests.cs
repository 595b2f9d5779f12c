namespace Tollgate.Chaos.Tests.Solo;

/// <summary>Mixes compared with solo runs at their shortest; <c>./tollgate chaos solo</c> makes a thousand.</summary>
[Collection(ThreeGateways.Name)]
public sealed class SoloTests(ThreeGateways shared)
{
    [Fact]
    public async Task Answers_in_random_mixes_are_those_of_their_solo_runs()
    {
        using var run = new SoloRun(shared.Cluster, shared.Client, TimeProvider.System);

        var report = await run.RunAsync(requests: 24, rounds: 12, seed: 20_265);

        Assert.True(report is { Faults.Count: 0, Unanswered.Count: 0 }, report.ToString());
    }
}
