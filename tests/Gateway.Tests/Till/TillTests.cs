using Microsoft.Extensions.Logging.Abstractions;
using StackExchange.Redis;
using Tollgate.Contracts.Keys;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Money;
using Tollgate.Contracts.Usage;
using Tollgate.Gateway.Accounting;
using Tollgate.Gateway.Admission;
using Tollgate.Gateway.Redis;
using Tollgate.Gateway.Tests.Admission;
using Tollgate.Gateway.Till;
using Tollgate.ServiceDefaults.Data;
using Tollgate.ServiceDefaults.Processes;
using Tollgate.Testing;

namespace Tollgate.Gateway.Tests.Till;

public sealed class TillTests : IAsyncLifetime
{
    private MoneyBench _bench = null!;

    public async Task InitializeAsync() => _bench = await MoneyBench.StartAsync();

    public async Task DisposeAsync() => await _bench.DisposeAsync();

    [Fact]
    public async Task AdmitAsync_admits_exactly_what_the_wallet_pays_from_three_gateways_at_once()
    {
        var gateways = new[] { await _bench.StartGatewayAsync(), await _bench.StartGatewayAsync(), await _bench.StartGatewayAsync() };
        _bench.Billing.SmallestLease = 25; // Smaller than the wallet, so that several leases are needed.
        var (key, text) = await _bench.AddOrganizationAsync(wallet: 100);
        var callers = await Task.WhenAll(gateways.Select(gateway => gateway.CallerAsync(text)));

        var results = await Task.WhenAll(
            Enumerable.Range(0, 192).Select(i => Task.Run(() => gateways[i % 3].AdmitAsync(callers[i % 3], money: 10))));

        var admitted = results.Count(result => result.Ticket is not null);
        Assert.Equal(10, admitted); // 100 / 10
        Assert.All(
            results.Where(result => result.Ticket is null),
            result => Assert.Equal("credit_balance_exhausted", result.Refusal!.Code));
        Assert.Equal(new long[] { 1, 100, 0, 100 }, await _bench.TillAsync(key.OrganizationId));
        Assert.Equal(0, _bench.Billing.Available(key.OrganizationId));
    }

    [Fact]
    public async Task AdmitAsync_admits_exactly_what_a_key_budget_allows_at_once()
    {
        var gateway = await _bench.StartGatewayAsync();
        var (key, text) = await _bench.AddOrganizationAsync(keyLimits: new Limits { BudgetPerMonthNanoUsd = 100 });
        var caller = await gateway.CallerAsync(text);

        var results = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => Task.Run(() => gateway.AdmitAsync(caller, money: 10))));

        Assert.Equal(10, results.Count(result => result.Ticket is not null));
        Assert.All(
            results.Where(result => result.Ticket is null),
            result => Assert.Equal("api_key_spend_limit_exceeded", result.Refusal!.Code));
        Assert.EndsWith(" 0 100", await _bench.FieldAsync(key.OrganizationId, $"g:m:k:{key.KeyId:N}"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AdmitAsync_opens_the_next_epoch_after_Redis_lost_everything_and_drops_older_holds()
    {
        var server = await RedisServer.StartAsync();
        await using var bench = await MoneyBench.StartAsync(server);
        var gateway = await bench.StartGatewayAsync();
        var (key, text) = await bench.AddOrganizationAsync(wallet: 5_000_000);
        var caller = await gateway.CallerAsync(text);
        var before = await gateway.AdmitAsync(caller, money: 1_000);

        await server.RestartAsync();
        var after = await Until.ValueAsync(
            async () => await gateway.AdmitAsync(caller, money: 1_000) is AdmissionResult.Admitted result ? result : null, "Redis is back");
        before.Ticket!.Close(Outcome.Completed, new Units(5, Output: 1), 1);
        await gateway.SettleAsync();

        // The old hold books nothing in the new epoch.
        Assert.Equal(new long[] { 2, 1_000_000, 0, 1_000 }, await bench.TillAsync(key.OrganizationId));
        after.Ticket!.Dispose();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task AdmitAsync_starts_day_buckets_in_an_empty_till_where_the_books_say()
    {
        var gateway = await _bench.StartGatewayAsync();
        var (key, text) = await _bench.AddOrganizationAsync(
            keyLimits: new Limits { RequestsPerDay = 10, TokensPerDay = 1_000_000 },
            policy: policy => policy with { Limits = new Limits { TokensPerDay = 1_000 } });
        var caller = await gateway.CallerAsync(text);
        _bench.Billing.BucketSeeds =
        [
            new BucketSeed($"k:{key.KeyId:N}", 8, 600), new BucketSeed("o", 8, 600), new BucketSeed("m:tiny-assistant", 8, 600),
        ];

        var first = await gateway.AdmitAsync(caller, money: 10, rateTokens: 300); // Until its COLD the buckets were empty.
        var tooMany = await gateway.AdmitAsync(caller, money: 10, rateTokens: 200);
        var second = await gateway.AdmitAsync(caller, money: 10, rateTokens: 10);
        var third = await gateway.AdmitAsync(caller, money: 10, rateTokens: 10);

        Assert.NotNull(first.Ticket);
        Assert.Equal(429, tooMany.Refusal!.Status); // 600 + 300 + 200 tokens of 1,000 a day.
        Assert.NotNull(second.Ticket);
        Assert.Equal(429, third.Refusal!.Status); // The eleventh request of 10 a day.
        Assert.Null(await _bench.FieldAsync(key.OrganizationId, "b:rd:p:none"));
    }

    [Fact]
    public async Task RefillAsync_tells_Billing_what_the_till_has_counted()
    {
        var gateway = await _bench.StartGatewayAsync();
        _bench.Billing.SmallestLease = 30;
        var (_, text) = await _bench.AddOrganizationAsync(wallet: 1_000);
        var caller = await gateway.CallerAsync(text);
        var ended = (await gateway.AdmitAsync(caller, money: 10)).Ticket!;
        ended.StartAttempt(1);
        ended.Close(Outcome.Completed, new Units(5, Output: 1), 1);
        await gateway.SettleAsync();
        var running = await gateway.AdmitAsync(caller, money: 10);

        var large = await gateway.AdmitAsync(caller, money: 100);

        Assert.NotNull(running.Ticket);
        Assert.NotNull(large.Ticket);
        Assert.Equal(new TillFigures(10, 10), _bench.Billing.LastFigures);
    }

    [Fact]
    public async Task CreditAsync_of_two_epochs_in_any_order_leaves_the_newer_one()
    {
        var gateway = await _bench.StartGatewayAsync();
        var leases = gateway.Get<LeaseKeeper>();
        var organizationId = Guid.NewGuid();
        Lease[] credits =
        [
            new(LeaseOutcome.Granted, 7, 500, [new BudgetSeed("o", "202611", 40)], 0),
            new(LeaseOutcome.Granted, 6, 900, [], 0),
            new(LeaseOutcome.Granted, 7, 300, [], 0),
        ];

        await Task.WhenAll(credits.Concat(credits).Select(lease => leases.CreditAsync(organizationId, lease, opens: true)));

        Assert.Equal(new long[] { 7, 500, 0, 0 }, await _bench.TillAsync(organizationId));
    }

    [Fact]
    public async Task CreditAsync_makes_no_till_of_a_lease_that_was_meant_for_a_lost_one_or_was_fenced_off()
    {
        var gateway = await _bench.StartGatewayAsync();
        var leases = gateway.Get<LeaseKeeper>();
        var (wiped, fenced) = (Guid.NewGuid(), Guid.NewGuid());
        Lease Lease(long epoch) => new(LeaseOutcome.Granted, epoch, 500, [], 0);

        await leases.CreditAsync(wiped, Lease(7), opens: false); // Asked for a till that Redis lost before the answer came.
        await leases.FenceAsync(fenced, 8, default);
        await leases.CreditAsync(fenced, Lease(7), opens: true); // Opened before the fence, credited after it.
        var late = (await _bench.TillAsync(wiped), await _bench.TillAsync(fenced));
        await leases.CreditAsync(fenced, Lease(8), opens: true);
        await leases.CreditAsync(fenced, Lease(8) with { GrantedNanoUsd = 700 }, opens: false);

        Assert.Equal((null, null), late);
        Assert.Equal(new long[] { 8, 700, 0, 0 }, await _bench.TillAsync(fenced));
    }

    [Fact]
    public async Task LowerBudgetsAsync_leaves_what_was_billed_and_what_this_epoch_spent()
    {
        var gateway = await _bench.StartGatewayAsync();
        var leases = gateway.Get<LeaseKeeper>();
        var organizationId = Guid.NewGuid();
        await _bench.SetFieldAsync(organizationId, "g:m:k:remembered", "202611 35 5");
        await _bench.SetFieldAsync(organizationId, "g:m:k:later", "202612 3 4");
        await leases.CreditAsync(
            organizationId,
            new Lease(
                LeaseOutcome.Granted, 8, 300,
                [
                    new BudgetSeed("*", "202611", 60), new BudgetSeed("*", "20261125", 60), new BudgetSeed("k:lost", "202611", 75),
                    new BudgetSeed("k:lost", "20261125", 60),
                ],
                0),
            opens: true);
        var forgotten = await _bench.FieldAsync(organizationId, "g:m:k:remembered"); // It begins where * stands.
        await _bench.SetFieldAsync(organizationId, "g:m:k:since", "202611 64 2"); // Began there, and spent 4.
        var exact = new ExactBudgets(
            new EpochReclaim(organizationId, 8, 45),
            [
                new BudgetSeed("*", "202611", 0), new BudgetSeed("*", "20261125", 0), new BudgetSeed("k:lost", "202611", 17),
                new BudgetSeed("k:since", "202611", 9),
            ]);

        var other = await leases.LowerBudgetsAsync(exact with { Reclaim = exact.Reclaim with { Epoch = 7 } }, default);
        var (first, second) = (await leases.LowerBudgetsAsync(exact, default), await leases.LowerBudgetsAsync(exact, default));

        Assert.Equal((false, true, true), (other, first, second));
        Assert.Null(forgotten);
        Assert.Equal("202611 17 0", await _bench.FieldAsync(organizationId, "g:m:k:lost"));
        Assert.Equal("20261125 0 0", await _bench.FieldAsync(organizationId, "g:d:k:lost"));
        Assert.Equal("202611 13 2", await _bench.FieldAsync(organizationId, "g:m:k:since")); // 9 of older epochs and 4 of this one.
        Assert.Equal("202611 0 0", await _bench.FieldAsync(organizationId, "g:m:*"));
        Assert.Equal("202612 7 0", await _bench.FieldAsync(organizationId, "g:m:k:later"));
    }

    [Fact]
    public async Task AdmitAsync_says_503_while_only_frozen_money_uses_up_a_budget_and_429_once_it_is_spent()
    {
        var gateway = await _bench.StartGatewayAsync();
        var leases = gateway.Get<LeaseKeeper>();
        var (key, text) = await _bench.AddOrganizationAsync(keyLimits: new Limits { BudgetPerMonthNanoUsd = 100 });
        var caller = await gateway.CallerAsync(text);
        var month = TimeProvider.System.GetUtcNow().ToString("yyyyMM", System.Globalization.CultureInfo.InvariantCulture);
        await leases.CreditAsync(
            key.OrganizationId, new Lease(LeaseOutcome.Granted, 7, 5_000, [new BudgetSeed("*", month, 95)], 0), opens: true);

        var frozen = await gateway.AdmitAsync(caller, money: 10);
        var never = await gateway.AdmitAsync(caller, money: 101);
        await leases.LowerBudgetsAsync(
            new ExactBudgets(
                new EpochReclaim(key.OrganizationId, 7, 0), [new BudgetSeed("*", month, 0), new BudgetSeed($"k:{key.KeyId:N}", month, 85)]),
            default);
        var fits = await gateway.AdmitAsync(caller, money: 10);
        var spent = await gateway.AdmitAsync(caller, money: 10);

        Assert.Equal((503, true), (frozen.Refusal!.Status, frozen.Refusal!.RetryAfter is not null));
        Assert.Equal(429, never.Refusal!.Status); // More than the whole budget: no fence helps.
        Assert.NotNull(fits.Ticket); // 85 + 10 of 100
        Assert.Equal("api_key_spend_limit_exceeded", spent.Refusal!.Code);
    }

    [Fact]
    public async Task AdmitAsync_asks_for_money_before_it_heeds_budgets_that_a_closed_till_left()
    {
        var gateway = await _bench.StartGatewayAsync();
        var leases = gateway.Get<LeaseKeeper>();
        var (key, text) = await _bench.AddOrganizationAsync(keyLimits: new Limits { BudgetPerMonthNanoUsd = 100 });
        var caller = await gateway.CallerAsync(text);
        var month = TimeProvider.System.GetUtcNow().ToString("yyyyMM", System.Globalization.CultureInfo.InvariantCulture);
        _bench.Billing.BudgetSeeds = [new BudgetSeed("*", month, 0)];
        await leases.CreditAsync(
            key.OrganizationId, new Lease(LeaseOutcome.Granted, 7, 5_000, [new BudgetSeed("*", month, 5_000)], 0), opens: true);
        await leases.FenceAsync(key.OrganizationId, 8, default); // As when a journal was retired: nobody has seeded the next epoch.
        _bench.Billing.SetWallet(key.OrganizationId, 5_000, epoch: 8);

        var admitted = await gateway.AdmitAsync(caller, money: 10);

        Assert.NotNull(admitted.Ticket);
    }

    [Fact]
    public async Task AdmitAsync_goes_on_without_Billing_while_the_till_holds_money_and_then_refuses_with_503()
    {
        var gateway = await _bench.StartGatewayAsync();
        _bench.Billing.SmallestLease = 30;
        var (_, text) = await _bench.AddOrganizationAsync(wallet: 1_000);
        var caller = await gateway.CallerAsync(text);
        var first = await gateway.AdmitAsync(caller, money: 10);

        _bench.Billing.IsAway = true;
        var second = await gateway.AdmitAsync(caller, money: 10);
        var large = await gateway.AdmitAsync(caller, money: 1_000);

        Assert.NotNull(first.Ticket);
        Assert.NotNull(second.Ticket);
        Assert.Equal(503, large.Refusal!.Status);
        Assert.NotNull(large.Refusal!.RetryAfter);
    }

    [Fact]
    public async Task AdmitAsync_answers_503_while_Redis_hangs_and_takes_a_late_hold_back()
    {
        var server = await RedisServer.StartAsync();
        await using var bench = await MoneyBench.StartAsync(server);
        var gateway = await bench.StartGatewayAsync(null, "--Redis:Timeout=00:00:00.250");
        var (key, text) = await bench.AddOrganizationAsync();
        var caller = await gateway.CallerAsync(text);
        (await gateway.AdmitAsync(caller, money: 10)).Ticket!.Dispose();
        await gateway.SettleAsync();
        server.Process.Send(ChildSignal.Stop);

        var hung = await gateway.AdmitAsync(caller, money: 10); // It ends while Redis still hangs.
        server.Process.Send(ChildSignal.Continue); // The script was sent: it runs now, and its hold must go.
        await Until.TrueAsync(() => gateway.Get<Settlements>().OrganizationsWaiting().Count == 0, "the release was confirmed");

        Assert.Equal(503, hung.Refusal!.Status);
        await Until.TrueAsync(async () => await bench.HoldsAsync(key.OrganizationId) == 0, "no hold is left");
        Assert.Equal(0, (await bench.TillAsync(key.OrganizationId))![3]);
        await server.DisposeAsync();
    }

    [Fact]
    public void Agrees_holds_up_to_two_seconds()
    {
        var clock = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(50));
        var guard = new ClockGuard(clock, NullLogger<ClockGuard>.Instance);

        Assert.True(guard.Agrees(clock.GetUtcNow() + TimeSpan.FromSeconds(2)));
        Assert.False(guard.Agrees(clock.GetUtcNow() + TimeSpan.FromSeconds(2.001)));
        Assert.False(guard.Agrees(clock.GetUtcNow() - TimeSpan.FromSeconds(2.001)));
    }

    [Fact]
    public async Task StartAsync_refuses_a_Redis_that_keeps_data()
    {
        var server = await RedisServer.StartAsync();
        await using var bench = await MoneyBench.StartAsync(server);
        await bench.Redis.ExecuteAsync("CONFIG", "SET", "appendonly", "yes");

        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => bench.StartGatewayAsync());
        var allowed = await bench.StartGatewayAsync(null, "--Till:AllowUnsafeRedis=true");

        Assert.Contains("appendonly", refused.Message, StringComparison.Ordinal);
        Assert.True(allowed.Get<TillSafety>().IsVerified);
        await server.DisposeAsync();
    }

    [Fact]
    public async Task A_Redis_that_is_busy_refuses_for_a_while_and_does_not_stop_the_gateway()
    {
        var server = await RedisServer.StartAsync();
        await using var bench = await MoneyBench.StartAsync(server);
        var gateway = await bench.StartGatewayAsync();
        var (_, text) = await bench.AddOrganizationAsync();
        var caller = await gateway.CallerAsync(text);
        await bench.Redis.ExecuteAsync("CONFIG", "SET", "busy-reply-threshold", "1");
        await using var other = await ConnectionMultiplexer.ConnectAsync(server.ConnectionString);
        var script = Record.ExceptionAsync(() => other.GetDatabase().ScriptEvaluateAsync("while true do end"));
        await Until.TrueAsync(
            async () => await Record.ExceptionAsync(() => bench.Redis.PingAsync()) is RedisServerException, "Redis says that it is busy");

        await gateway.Get<TillSafety>().RunOnceAsync(CancellationToken.None);
        var busy = await gateway.AdmitAsync(caller, money: 10);
        await bench.Redis.ExecuteAsync("SCRIPT", "KILL");
        await script;
        await gateway.Get<TillSafety>().RunOnceAsync(CancellationToken.None);

        Assert.Equal(503, busy.Refusal!.Status);
        await Until.TrueAsync(async () => (await gateway.AdmitAsync(caller, money: 10)).Ticket is not null, "the gateway admits again");
        await server.DisposeAsync();
    }

    [Fact]
    public async Task AdmitAsync_spends_nothing_from_a_Redis_that_took_anothers_place_and_keeps_data()
    {
        var server = await RedisServer.StartAsync();
        await using var bench = await MoneyBench.StartAsync(server);
        var gateway = await bench.StartGatewayAsync();
        var (key, text) = await bench.AddOrganizationAsync();
        var caller = await gateway.CallerAsync(text);
        (await gateway.AdmitAsync(caller, money: 10)).Ticket!.Dispose();
        await gateway.SettleAsync();
        var hash = RedisNames.Organization(key.OrganizationId);
        var old = await bench.Redis.HashGetAllAsync(hash);

        await server.RestartAsync();
        await Until.TrueAsync(() => AnswersAsync(bench.Redis), "Redis is back");
        await bench.Redis.ExecuteAsync("CONFIG", "SET", "appendonly", "yes");
        await bench.Redis.HashSetAsync(hash, old); // As a server that loads an old copy of the till.
        await Until.TrueAsync(
            async () =>
            {
                try
                {
                    return await gateway.Get<RedisConnection>().CallAsync(new RedisCall("EVAL"), AnswersAsync);
                }
                catch (RedisUnavailableException)
                {
                    return false;
                }
            },
            "the gateway has found it");
        var refused = await gateway.AdmitAsync(caller, money: 10);

        Assert.Equal(503, refused.Refusal!.Status);
        Assert.Equal(0, (await bench.TillAsync(key.OrganizationId))![3]);
        await server.DisposeAsync();

        static async Task<bool> AnswersAsync(IDatabase redis)
        {
            try
            {
                return await redis.PingAsync() >= TimeSpan.Zero;
            }
            catch (Exception exception) when (exception is RedisException or TimeoutException)
            {
                return false;
            }
        }
    }

    [Fact]
    public async Task Release_buries_an_admission_that_comes_late()
    {
        var gateway = await _bench.StartGatewayAsync();
        var (key, text) = await _bench.AddOrganizationAsync();
        var caller = await gateway.CallerAsync(text);
        var requestId = Guid.CreateVersion7(TimeProvider.System.GetUtcNow());
        gateway.Get<Settlements>().Add(new Settlement(SettlementKind.Release, key.OrganizationId, requestId, 0, 0));
        await gateway.SettleAsync();

        var late = await gateway.AdmitAsync(caller, money: 10, requestId: requestId);

        Assert.Equal(503, late.Refusal!.Status);
        Assert.Equal(0, await _bench.HoldsAsync(key.OrganizationId));
    }
}
