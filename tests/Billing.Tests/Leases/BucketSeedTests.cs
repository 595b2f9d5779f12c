using Microsoft.Extensions.DependencyInjection;
using Tollgate.Billing.Leases;
using Tollgate.Contracts.Money;

namespace Tollgate.Billing.Tests.Leases;

public sealed class BucketSeedTests(BillingFixture billing) : IClassFixture<BillingFixture>
{
    private const double Day = 86_400;

    /// <summary>
    /// A bucket that drained and filled for days, sometimes idle, sometimes at its limit, is never seeded below what it holds, nor above
    /// its limit by more than an hour's drain.
    /// </summary>
    [Fact]
    public async Task AskAsync_seeds_a_day_bucket_between_what_it_holds_and_its_limit()
    {
        for (var seed = 1; seed <= 25; seed++)
        {
            var random = new Random(seed);
            var organization = await billing.OpenWalletAsync(1);
            var (project, key, limit) = (Guid.NewGuid(), Guid.NewGuid(), random.Next(10, 5_000));
            var now = TimeProvider.System.GetUtcNow();
            var (level, hours) = (0.0, new SortedDictionary<DateTimeOffset, long>());
            var last = Day * random.Next(1, 7);
            for (var ago = last; ago >= 0; ago -= random.NextDouble() * Day / (random.Next(8) == 0 ? 3 : limit / 2.0))
            {
                (level, last) = (Math.Max(0, level - ((last - ago) * limit / Day)), ago);
                var cost = random.Next(1, 4);
                if (level + cost <= limit)
                {
                    level += cost;
                    var at = now.AddSeconds(-ago);
                    var hour = new DateTimeOffset(at.Year, at.Month, at.Day, at.Hour, 0, 0, TimeSpan.Zero);
                    hours[hour] = hours.GetValueOrDefault(hour) + cost;
                }
            }

            level = Math.Max(0, level - (last * limit / Day));
            await RollUpAsync(organization, project, key, hours);

            var lease = await billing.App.Services.GetRequiredService<LeaseDesk>()
                .AskAsync(new LeaseRequest(organization, null, 1_000_000, 0), default);

            Assert.Equal(
                new[] { $"k:{key:N}", "m:tiny-assistant", "o", $"p:{project:N}" }, lease.Buckets.Select(bucket => bucket.Subject).Order());
            Assert.All(lease.Buckets, bucket =>
            {
                Assert.InRange(bucket.Requests, Math.Floor(level), (limit * 25 / 24.0) + 1);
                Assert.InRange(bucket.Tokens, Math.Floor(level * 10), (limit * 10 * 25 / 24.0) + 10);
            });
        }
    }

    [Fact]
    public async Task AskAsync_seeds_only_a_new_epoch()
    {
        var organization = await billing.OpenWalletAsync(1);
        await RollUpAsync(
            organization, Guid.NewGuid(), Guid.NewGuid(), new() { [TimeProvider.System.GetUtcNow().AddDays(-8)] = 9 });
        var desk = billing.App.Services.GetRequiredService<LeaseDesk>();

        var first = await desk.AskAsync(new LeaseRequest(organization, null, 1_000_000, 0), default);
        var next = await desk.AskAsync(new LeaseRequest(organization, first.Epoch, 1_000_000, 0), default);

        Assert.Empty(first.Buckets); // All of it has drained.
        Assert.Empty(next.Buckets);
    }

    private Task<long> RollUpAsync(Guid organization, Guid project, Guid key, SortedDictionary<DateTimeOffset, long> hours) =>
        billing.ReadAsync<long>(
            """
            with added as (
              insert into usage_rollup_hours
              select $1, hour, $2, $3, 'tiny-assistant', 'chat.completions', used, 4 * used, 3 * used, 2 * used, used, 0, 0, 0
              from unnest($4::timestamptz[], $5::bigint[]) h (hour, used)
              returning 1
            )
            select count(*) from added
            """,
            organization, project, key, hours.Keys.ToArray(), hours.Values.ToArray());
}
