using Xunit.Abstractions;

namespace Tollgate.Chaos.Tests.Hostile;

/// <summary>Five thousand hostile connections; <c>./tollgate chaos hostile --requests 100000</c> sends more.</summary>
[Collection(ThreeGateways.Name)]
public sealed class HostileTests(ThreeGateways shared, ITestOutputHelper output)
{
    [Fact]
    public async Task A_gateway_stands_thousands_of_hostile_connections()
    {
        var report = await new HostileRun(shared.Cluster, shared.Client, seed: 20_262, TimeProvider.System).RunAsync(5_000);

        output.WriteLine(report.ToString());
        Assert.True(report.Violations.Count == 0, report.ToString());
    }
}
