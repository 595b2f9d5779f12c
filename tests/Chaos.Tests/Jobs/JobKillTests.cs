using Tollgate.Clusters;
using Tollgate.Testing;
using Xunit.Abstractions;

namespace Tollgate.Chaos.Tests.Jobs;

/// <summary>
/// kill -9 of every part while jobs train: each ends with the figures of an undisturbed one and is billed once. <c>./tollgate chaos
/// jobs</c> is the long form.
/// </summary>
public sealed class JobKillTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Jobs_end_alike_and_are_billed_once_whatever_part_is_killed()
    {
        await using var cluster = await JobCommand.StartAsync(TestFolder.Create("jobs"));
        using var client = new OperatorClient(cluster.Secrets.Bearers["operator"]);
        var round = new JobRound(cluster, client, seed: 5, TimeProvider.System);

        var report = await round.RunAsync(3, 120, JobCommand.Parts(cluster), TimeSpan.FromSeconds(1.5), output.WriteLine);

        output.WriteLine($"{report}\n{string.Join('\n', report.Broken)}");
        Assert.Empty(report.Broken);
    }
}
