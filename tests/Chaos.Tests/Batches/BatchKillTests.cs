using Tollgate.Clusters;
using Tollgate.Testing;
using Xunit.Abstractions;

namespace Tollgate.Chaos.Tests.Batches;

/// <summary>
/// kill -9 of every part in the middle of a batch: every line is answered once and billed once. <c>./tollgate chaos batches</c> is the long
/// form.
/// </summary>
public sealed class BatchKillTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Every_line_of_a_batch_is_run_and_billed_once_whatever_part_is_killed()
    {
        await using var cluster = await BatchCommand.StartAsync(TestFolder.Create("batches"));
        using var client = new OperatorClient(cluster.Secrets.Bearers["operator"]);
        var round = new BatchRound(cluster, client, seed: 7, TimeProvider.System);

        var report = await round.RunAsync(
            1_000, [cluster.Learning, cluster.Gateways[0], cluster.Workers[0], cluster.Billing, cluster.Postgres], TimeSpan.FromSeconds(2),
            output.WriteLine);

        output.WriteLine(report.ToString());
        Assert.Empty(report.Broken);
        Assert.All(report.Kills.Values, kills => Assert.True(kills > 0, $"the batch ended before all parts were killed: {report}"));
    }
}
