using Microsoft.Extensions.Time.Testing;
using Tollgate.Contracts.Keys;
using Tollgate.Gateway.Authentication;
using Tollgate.Gateway.Tests.Admission;

namespace Tollgate.Gateway.Tests.Authentication;

public sealed class KeyUseTests
{
    [Fact]
    public async Task Take_finds_each_request_exactly_once_while_others_count()
    {
        var counters = new KeyUseCounters(TimeProvider.System);
        Guid[] keys = [Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid()];
        long taken = 0;
        using var end = new CancellationTokenSource();
        var taker = Task.Run(() =>
        {
            while (!end.IsCancellationRequested)
            {
                taken += counters.Take(2).Sum(use => use.Calls);
            }
        });

        await Task.WhenAll(Enumerable.Range(0, 3).Select(thread => Task.Run(() =>
        {
            for (var i = 0; i < 100_000; i++)
            {
                counters.Count(keys[(i + thread) % 3], null);
            }
        })));
        await end.CancelAsync();
        await taker;

        Assert.Equal(300_000, taken + counters.Take(10).Sum(use => use.Calls));
    }

    [Fact]
    public void Take_tells_secrets_apart_and_says_when_each_was_last_used()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(60));
        var counters = new KeyUseCounters(clock);
        var (key, ends) = (Guid.NewGuid(), clock.GetUtcNow().AddDays(1));

        counters.Count(key, null);
        counters.Count(key, ends);
        clock.Advance(TimeSpan.FromSeconds(5));
        counters.Count(key, ends);
        var taken = counters.Take(10).OrderBy(use => use.Calls);

        Assert.Equal(
            [new KeyUse(key, null, 1, clock.GetUtcNow().AddSeconds(-5)), new KeyUse(key, ends, 2, clock.GetUtcNow())], taken);
        Assert.Empty(counters.Take(10));
    }

    [Fact]
    public async Task Every_authenticated_request_counts_once_for_the_secret_it_showed_and_reaches_Accounts()
    {
        await using var bench = await MoneyBench.StartAsync();
        var gateway = await bench.StartGatewayAsync();
        var (key, old) = await bench.AddOrganizationAsync(keyLimits: new Limits { RequestsPerMinute = 2 });
        var stale = await gateway.CallerAsync(old); // As a request that was authenticated just before the rotation.
        var (secret, current) = ApiKeyText.CreateSecret(key.PublicId);
        var ends = TimeProvider.System.GetUtcNow().AddHours(1);
        await bench.Accounts.ChangeKeyAsync(key.PublicId, record => record with
        {
            Secrets =
            [
                new KeySecret(Convert.ToBase64String(ApiKeyText.Mac(AccountsResponder.Pepper, secret)), "p1", null),
                record.Secrets[0] with { NotAfter = ends },
            ],
        });

        var get = await gateway.Admission.CheckAsync(stale, Guid.NewGuid(), countRequest: false, default);
        using var admitted = (await gateway.AdmitAsync(await gateway.CallerAsync(old), money: 10)).Ticket;
        var refusedAsBad = await gateway.Admission.CheckAsync(await gateway.CallerAsync(old), Guid.NewGuid(), countRequest: true, default);
        var overLimit = await gateway.AdmitAsync(await gateway.CallerAsync(current), money: 10);
        await bench.Accounts.ChangeKeyAsync(key.PublicId, record => record with { State = KeyState.Revoked });
        var revoked = await gateway.Admission.CheckAsync(stale, Guid.NewGuid(), countRequest: false, default);
        await gateway.Get<KeyUseReporter>().RunOnceAsync(CancellationToken.None);

        Assert.Null(get.Refusal);
        Assert.NotNull(admitted);
        Assert.Null(refusedAsBad.Refusal);
        Assert.Equal(429, overLimit.Refusal!.Status);
        Assert.Equal(401, revoked.Refusal!.Status);
        var uses = bench.Accounts.Uses.SelectMany(batch => batch.Uses).GroupBy(use => use.OverlapEndsAt)
            .ToDictionary(use => use.Key ?? DateTimeOffset.MinValue, use => use.Sum(u => u.Calls));
        Assert.Equal(3, uses[ends]); // The GET with a record from before the rotation, the admitted one, the bad one.
        Assert.Equal(1, uses[DateTimeOffset.MinValue]); // The one over its limit; the revoked one counts for nobody.
    }

    [Fact]
    public async Task Report_repeats_a_batch_until_it_is_taken_and_sends_what_came_meanwhile_after_it()
    {
        await using var bench = await MoneyBench.StartAsync();
        var gateway = await bench.StartGatewayAsync();
        var (key, text) = await bench.AddOrganizationAsync();
        var caller = await gateway.CallerAsync(text);
        bench.Accounts.UsesToFail = int.MaxValue;

        await gateway.Admission.CheckAsync(caller, Guid.NewGuid(), false, default);
        await Assert.ThrowsAsync<HttpRequestException>(() => gateway.Get<KeyUseReporter>().RunOnceAsync(CancellationToken.None));
        await gateway.Admission.CheckAsync(caller, Guid.NewGuid(), false, default);
        await gateway.Admission.CheckAsync(caller, Guid.NewGuid(), false, default);
        bench.Accounts.UsesToFail = 0;
        await gateway.StopAsync(); // The end sends what is left.

        var batches = bench.Accounts.Uses.DistinctBy(batch => batch.Sequence).ToList();
        Assert.Single(bench.Accounts.Uses.Select(batch => batch.Boot).Distinct());
        Assert.All(bench.Accounts.Uses.Where(batch => batch.Sequence == 1), batch => Assert.Equal(batches[0].Uses, batch.Uses));
        Assert.Equal(1, batches[0].Uses.Single().Calls);
        Assert.Equal(3, batches.Sum(batch => batch.Uses.Where(use => use.KeyId == key.KeyId).Sum(use => use.Calls)));
    }
}
