using Tollgate.Clusters;
using Tollgate.Testing;
using Xunit.Abstractions;

namespace Tollgate.Chaos.Tests.Learning;

/// <summary>
/// kill -9 of every part while jobs train and a batch runs: jobs end with the figures of an undisturbed one, each line is answered once,
/// and all are billed once. <c>./tollgate chaos learning</c> is the long form.
/// </summary>
public sealed class LearningKillTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Jobs_batches_and_responses_end_alike_and_are_billed_once_whatever_part_is_killed()
    {
        await using var cluster = await LearningCommand.StartAsync(TestFolder.Create("learning"));
        using var client = new OperatorClient(cluster.Secrets.Bearers["operator"]);
        using var jobs = new JobWork(cluster, client, jobs: 2, epochs: 120, TimeProvider.System);
        using var batches = new BatchWork(cluster, client, batches: 1, lines: 1_000, TimeProvider.System);
        using var background = new BackgroundWork(cluster, client, responses: 40, TimeProvider.System);

        var report = await new KillRound(seed: 5, TimeSpan.FromSeconds(1.5), TimeProvider.System).RunAsync(
            [jobs, batches, background], LearningCommand.Parts(cluster), output.WriteLine);

        output.WriteLine($"{report}");
        Assert.Empty(report.Broken);
    }
}
