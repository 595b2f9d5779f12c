using StackExchange.Redis;
using Tollgate.Contracts.Keys;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Usage;
using Tollgate.Gateway.Accounting;
using Tollgate.Gateway.Admission;
using Tollgate.Gateway.Sweeping;
using Tollgate.Gateway.Tests.Admission;
using Tollgate.Gateway.Till;
using Tollgate.Testing;

namespace Tollgate.Gateway.Tests.Sweeping;

/// <summary>Gateways that fall silent, seen by others over one real Redis.</summary>
public sealed class HoldSweeperTests
{
    private const string Quick = "--Sweeper:SilentAfter=00:00:04";

    [Fact]
    public async Task RunOnceAsync_frees_places_and_tokens_of_a_silent_gateway_but_not_its_money()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var bench = await MoneyBench.StartAsync(redis);
        var (key, text) = await bench.AddOrganizationAsync(
            keyLimits: new Limits { RequestsPerMinute = 100, TokensPerMinute = 1_000, Concurrency = 1 });
        var silent = await bench.StartGatewayAsync(null, Quick);
        var other = await bench.StartGatewayAsync(null, Quick);
        var admitted = await silent.AdmitAsync(await silent.CallerAsync(text), 1_000, rateTokens: 900);
        var owner = silent.Get<RequestJournal>().Owner;
        var refused = await other.AdmitAsync(await other.CallerAsync(text), 1_000, rateTokens: 900);

        await silent.Get<Heartbeat>().StopAsync(default); // It hangs: nothing is heard of it any more, and its holds stand.
        await other.Get<HoldOwners>().BeatAsync(owner, default);
        var after = await Until.ValueAsync(
            async () => await other.AdmitAsync(await other.CallerAsync(text), 1_000, rateTokens: 900) is AdmissionResult.Admitted result
                ? result : null,
            "the place is free", TimeSpan.FromSeconds(20));
        var held = (await bench.TillAsync(key.OrganizationId))![3];
        admitted.Ticket!.Close(Outcome.Completed, new Units(5, Output: 1), 1); // It is back.
        await silent.SettleAsync();

        Assert.Null(refused.Ticket);
        Assert.Equal(2_000, held);
        Assert.Equal((1_000, 1_000), await bench.TillAsync(key.OrganizationId) is [_, _, var spent, var left] ? (spent, left) : default);
        Assert.Equal("1", await bench.FieldAsync(key.OrganizationId, $"c:k:{key.KeyId:N}"));
        after.Ticket!.Dispose();
    }

    [Fact]
    public async Task RunOnceAsync_leaves_living_gateways_alone_and_removes_tombstones_past_their_time()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var bench = await MoneyBench.StartAsync(redis);
        var (key, text) = await bench.AddOrganizationAsync(keyLimits: new Limits { Concurrency = 5 });
        var first = await bench.StartGatewayAsync(null, "--Sweeper:SilentAfter=00:00:02", "--Sweeper:PassEvery=00:00:01");
        var second = await bench.StartGatewayAsync(null, "--Sweeper:SilentAfter=00:00:02", "--Sweeper:PassEvery=00:00:01");
        var admitted = await first.AdmitAsync(await first.CallerAsync(text), 1_000);
        var hash = RedisNames.Organization(key.OrganizationId);
        await bench.Redis.HashSetAsync(hash, [new HashEntry("t:past", 1_000), new HashEntry("t:ahead", 9_000_000_000_000_000)]);
        await bench.Redis.HashSetAsync(hash, [.. Enumerable.Range(0, 2_000).Select(i => new HashEntry($"t:{i}", 1_000))]);

        await Until.TrueAsync(
            async () => await bench.Redis.HashLengthAsync(hash) < 100, "the tombstones are gone", TimeSpan.FromSeconds(20));
        await Until.TrueAsync(async () => await bench.Redis.LockQueryAsync("tollgate:sweeper") == RedisValue.Null, "the pass ends");

        Assert.Equal("1", await bench.FieldAsync(key.OrganizationId, $"c:k:{key.KeyId:N}"));
        Assert.Null(await bench.FieldAsync(key.OrganizationId, "t:past"));
        Assert.NotNull(await bench.FieldAsync(key.OrganizationId, "t:ahead"));
        Assert.Equal(2, (await second.Get<HoldOwners>().ReadAsync(default)).Count(owner => owner.Heard));
        admitted.Ticket!.Dispose();
    }

    [Fact]
    public async Task RunOnceAsync_drops_a_silent_gateways_hold_whose_till_was_closed_although_no_other_till_follows()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var bench = await MoneyBench.StartAsync(redis);
        var (key, text) = await bench.AddOrganizationAsync();
        var silent = await bench.StartGatewayAsync(null, Quick);
        var other = await bench.StartGatewayAsync(null, Quick, "--Sweeper:PassEvery=00:00:01");
        var admitted = await silent.AdmitAsync(await silent.CallerAsync(text), 1_000);
        var owner = silent.Get<RequestJournal>().Owner;

        await silent.Get<Heartbeat>().StopAsync(default);
        await other.Get<HoldOwners>().BeatAsync(owner, default);
        await other.Get<LeaseKeeper>().FenceAsync(key.OrganizationId, 2, default); // The organization asks for nothing more.

        await Until.TrueAsync(
            async () => await bench.HoldsAsync(key.OrganizationId) == 0, "the hold is dropped", TimeSpan.FromSeconds(20));
        Assert.Null(await bench.TillAsync(key.OrganizationId));
        admitted.Ticket!.Dispose();
    }

    [Fact]
    public void Look_calls_an_owner_silent_only_after_many_looks_in_a_row()
    {
        var watch = new SilenceWatch(looks: 3);

        watch.Look([("a", false), ("b", true)]);
        watch.Look([("a", false), ("b", false)]);
        var early = watch.Silent;
        watch.Look([("a", false), ("b", true)]);

        Assert.Empty(early);
        Assert.Equal(["a"], watch.Silent);
        Assert.Equal(["b"], watch.Living);
    }
}
