using Tollgate.Contracts.Keys;
using Tollgate.Gateway.Accounting;
using Tollgate.Gateway.Sweeping;
using Tollgate.Gateway.Tests.Admission;
using Tollgate.Testing;

namespace Tollgate.Gateway.Tests.Till;

/// <summary>Gateways over a real Redis Cluster: tills lie on three servers.</summary>
public sealed class RedisClusterTests
{
    private const string Quick = "--Sweeper:SilentAfter=00:00:04";

    [Fact]
    public async Task Tills_of_every_server_are_spent_from_and_swept()
    {
        await using var cluster = await RedisCluster.StartAsync();
        await using var bench = await MoneyBench.StartAsync(cluster.ConnectionString);
        var silent = await bench.StartGatewayAsync(null, Quick);
        var other = await bench.StartGatewayAsync(null, Quick);
        List<string> keys = [];
        for (var i = 0; i < 12; i++) // That one of three servers holds none of twelve: one in forty runs, and harmless.
        {
            var (_, text) = await bench.AddOrganizationAsync(keyLimits: new Limits { Concurrency = 1 });
            keys.Add(text);
            Assert.NotNull((await silent.AdmitAsync(await silent.CallerAsync(text), 1_000)).Ticket);
        }

        var owner = silent.Get<RequestJournal>().Owner;
        var held = await AdmittedAsync();
        await silent.Get<Heartbeat>().StopAsync(default);
        await other.Get<HoldOwners>().BeatAsync(owner, default);
        await Until.TrueAsync(async () => await AdmittedAsync() == keys.Count, "every place is free", TimeSpan.FromSeconds(30));

        Assert.Equal(0, held);

        async Task<int> AdmittedAsync()
        {
            var admitted = 0;
            foreach (var text in keys)
            {
                using var ticket = (await other.AdmitAsync(await other.CallerAsync(text), 1_000)).Ticket;
                admitted += ticket is null ? 0 : 1;
            }

            await other.SettleAsync();
            return admitted;
        }
    }

    [Fact]
    public async Task StartAsync_looks_at_every_server()
    {
        await using var cluster = await RedisCluster.StartAsync();
        await using var bench = await MoneyBench.StartAsync(cluster.ConnectionString);
        await cluster.AskAsync(2, "CONFIG SET appendonly yes");

        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => bench.StartGatewayAsync());

        Assert.Contains("appendonly", refused.Message, StringComparison.Ordinal);
    }
}
