using Tollgate.Chaos.Tests.Away;

namespace Tollgate.Chaos.Tests;

/// <summary>The parts as docker-compose.yml starts them: each a process of its own, with nothing between them but the network.</summary>
[Collection(SharedCluster.Name)]
public sealed class SeparateProcessesTests(SharedCluster shared)
{
    [Fact]
    public async Task Compose_services_serve_and_bill_the_newcomers_call()
    {
        var cluster = shared.Cluster;

        var answer = await shared.Api.AskAsync(await shared.CreateKeyAsync());

        Assert.NotNull(shared.First.KeyText);
        Assert.Equal(200, answer.Status);
        Assert.True(answer.Completion > 0, answer.Body);
        var row = await shared.BilledAsync(answer.RequestId);
        Assert.Equal((answer.Prompt, answer.Completion), (row.Prompt, row.Completion));
        Assert.Equal(0, await cluster.RunHealthCheckAsync("gateway", cluster.Gateways[0]));
        Assert.Equal(0, await cluster.RunHealthCheckAsync("worker", cluster.Workers[0]));
        Assert.Equal(0, await cluster.RunHealthCheckAsync("accounts", cluster.Accounts));
        Assert.Equal(0, await cluster.RunHealthCheckAsync("billing", cluster.Billing));
    }
}
