using Tollgate.Testing;

namespace Tollgate.Chaos.Tests;

/// <summary>The harness at its shortest; <c>./tollgate chaos --minutes N --seed S</c> runs longer.</summary>
public sealed class ChaosTests
{
    [Fact]
    public async Task Books_hold_after_each_fault_once()
    {
        var options = new ChaosOptions(
            TimeSpan.FromSeconds(42), Seed: 20_261, Gateways: 3, Workers: 2, Clients: 12, Gap: TimeSpan.FromSeconds(2),
            TestFolder.Create("chaos"));
        await using var output = new StringWriter();

        var report = await new ChaosRun(options, output, TimeProvider.System).RunAsync();

        Assert.True(report.Violations.Count == 0, report.ToString());
        Assert.True(report.Kills > 0, report.ToString());
    }
}
