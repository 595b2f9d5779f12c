using Microsoft.Extensions.DependencyInjection;
using Tollgate.Billing.Ingest;
using Tollgate.Billing.Leases;
using Tollgate.Billing.Reconciliation;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Money;
using Tollgate.Contracts.Usage;

namespace Tollgate.Billing.Tests.Ingest;

/// <summary>
/// Requests of a lost journal are booked from a worker's log, and their gateway's own rows come before, after, at the same time, twice or
/// in part. Whatever the order: the books agree with the rows at every step, and in the end each request costs what its gateway says.
/// </summary>
public sealed class CorrectionPropertyTests(BillingFixture billing) : IClassFixture<BillingFixture>
{
    private const int Requests = 40;
    private const int Steps = 25;
    private readonly Guid _journal = Guid.NewGuid();
    private Guid _organization;
    private decimal _paid;

    private UsageIngest Ingest => billing.App.Services.GetRequiredService<UsageIngest>();

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 0.05)] // The wallet is soon empty: the operator's losses shrink again before money returns.
    [InlineData(3, 1)]
    [InlineData(4, 10)]
    [InlineData(5, 0.2)]
    [InlineData(6, 0.4)]
    public async Task Books_equal_the_rows_whatever_the_order(int seed, decimal dollars)
    {
        var random = new Random(seed);
        (_paid, _organization) = (dollars, await billing.OpenWalletAsync(dollars));
        var lease = await billing.App.Services.GetRequiredService<LeaseDesk>()
            .AskAsync(new LeaseRequest(_organization, null, 30_000_000, 0), default);
        var truth = Enumerable.Range(0, Requests).Select(_ => Make(random, random.Next(4) == 0 ? lease.Epoch : 0)).ToArray();

        for (var step = 0; step < Steps; step++)
        {
            var some = random.GetItems(truth, random.Next(1, 12));
            await (random.Next(4) switch
            {
                0 => ShipAsync(some),
                1 => Task.WhenAll(ShipAsync(some), WitnessAsync(random, random.GetItems(truth, 9)), ShipAsync(some)),
                _ => WitnessAsync(random, some),
            });
            await CheckAsync($"seed {seed}, step {step}");
        }

        await ShipAsync(truth);
        await ShipAsync(truth);
        await CheckAsync($"seed {seed}, end");
        foreach (var usage in truth)
        {
            Assert.Equal((usage.Units.Input, usage.Units.Output), await NetAsync(usage));
        }

        Assert.Equal(Requests, await ReadAsync("select sum(requests) from usage_rollup_hours where organization_id = $1"));
        Assert.Equal(
            Requests,
            await ReadAsync("select sum(requests) from usage_rollup_hours where organization_id = $1 and endpoint = 'chat.completions'"));
        await billing.App.Services.GetRequiredService<BookReconciliation>().RunOnceAsync(default);
        Assert.Equal(
            0, await billing.ReadAsync<decimal>(
                """
                select sum(differences) from (
                  select distinct on (name) differences from reconciliation_runs order by name, started_at desc) r
                """));
    }

    private UsageEvent Make(Random random, long epoch) =>
        BillingFixture.Usage(_organization, epoch, random.Next(3) == 0 ? 0 : random.Next(20_000), random.Next(20_000));

    private Task<UsageBooked?> ShipAsync(UsageEvent[] events) =>
        Ingest.BookAsync(new UsageBatch(_journal, 1, 0, 0, events, []), default);

    /// <summary>As <c>OrphanBooking</c> books what a worker's log knows, mostly other counts than the gateway's.</summary>
    private async Task WitnessAsync(Random random, UsageEvent[] events)
    {
        UsageEvent[] seen = [.. events.Select(usage => usage with
        {
            ProjectId = Guid.Empty,
            KeyId = Guid.Empty,
            Endpoint = "unknown",
            Delivered = 0,
            Epoch = 0,
            Source = UsageSource.Worker,
            Units = random.Next(3) == 0 ? usage.Units : new Units(usage.Units.Input, Output: random.Next(40_000)),
        })];
        await billing.App.Services.GetRequiredService<IngestLanes>().RunAsync(
            (connection, _) => BatchTransaction.BookEventsAsync(connection, _journal, seen, TimeProvider.System.GetUtcNow(), default),
            default);
    }

    private async Task CheckAsync(string where)
    {
        var billed = await ReadAsync("select coalesce(sum(amount), 0) from usage_events where organization_id = $1");
        var revenue = await ReadAsync(
            "select coalesce(sum(amount), 0) from ledger_entries where organization_id = $1 and account = 'revenue'");
        var loss = await ReadAsync(
            "select coalesce(sum(amount), 0) from ledger_entries where organization_id = $1 and account = 'operator_loss'");
        var balance = await ReadAsync("select balance from wallets where organization_id = $1");
        Assert.True(billed == revenue, $"{where}: billed {billed}, revenue {revenue}");
        Assert.True(loss <= 0, $"{where}: a loss of {-loss}");
        Assert.True(balance == _paid - billed - loss, $"{where}: balance {balance}, paid {_paid}, billed {billed}, loss {-loss}");
        Assert.True(balance <= _paid, $"{where}: balance {balance} of {_paid} paid in");
        Assert.Equal(0, await ReadAsync("select sum(amount) from ledger_entries where organization_id = $1 having true"));
        Assert.Equal(
            0, await ReadAsync(
                """
                select count(*)::numeric from (
                  select project_id, key_id, endpoint, sum(case seq % 2 when 0 then 1 else -1 end) n,
                    sum(input) i, sum(output) o, sum(amount) a
                  from usage_events where organization_id = $1 group by 1, 2, 3) rows
                full join (
                  select project_id, key_id, endpoint, sum(requests) n, sum(input) i, sum(output) o, sum(amount) a
                  from usage_rollup_hours where organization_id = $1 group by 1, 2, 3) sums using (project_id, key_id, endpoint)
                where (rows.n, rows.i, rows.o, rows.a) is distinct from (sums.n, sums.i, sums.o, sums.a)
                """));
        Assert.Equal(
            0, await ReadAsync(
                """
                select count(*)::numeric from (
                  select request_id from usage_events where organization_id = $1 group by 1
                  having array_agg(seq order by seq) not in (array[0], array[0, 1, 2])) wrong
                """));
    }

    private async Task<(long Input, long Output)> NetAsync(UsageEvent usage)
    {
        var sums = await billing.ReadAsync<long[]>(
            "select array[sum(input), sum(output)]::bigint[] from usage_events where request_id = $1", usage.RequestId);
        return (sums[0], sums[1]);
    }

    private Task<decimal> ReadAsync(string sql) => billing.ReadAsync<decimal>(sql, _organization);
}
