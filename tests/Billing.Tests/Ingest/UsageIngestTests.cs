using Microsoft.Extensions.DependencyInjection;
using Tollgate.Billing.Ingest;
using Tollgate.Billing.Leases;
using Tollgate.Billing.Prices;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Money;
using Tollgate.Contracts.Usage;

namespace Tollgate.Billing.Tests.Ingest;

public sealed class UsageIngestTests(BillingFixture billing) : IClassFixture<BillingFixture>
{
    private UsageIngest Ingest => billing.App.Services.GetRequiredService<UsageIngest>();

    private LeaseDesk Desk => billing.App.Services.GetRequiredService<LeaseDesk>();

    [Fact]
    public async Task BookAsync_books_the_exact_amount_everywhere_at_once()
    {
        var organization = await billing.OpenWalletAsync(100);
        var epoch = (await Desk.AskAsync(new LeaseRequest(organization, null, 1_000_000_000, 0), default)).Epoch;
        var random = new Random(7);
        var events = Enumerable.Range(0, 500).Select(_ => BillingFixture.Usage(organization, epoch, random.Next(500),
            random.Next(500))).ToList();

        var booked = await ShipAsync(Guid.NewGuid(), events);

        // 0.50 and 1.50 dollars a million: half and one and a half millionths a token.
        var expected = events.Sum(usage => (usage.Units.Input * 0.0000005m) + (usage.Units.Output * 0.0000015m));
        Assert.Equal((500, 0, 0), (booked.Inserted, booked.Duplicates, booked.Rejected));
        Assert.Equal(expected, await SumAsync("select sum(amount) from usage_events where organization_id = $1", organization));
        Assert.Equal(expected, await SumAsync("select sum(amount) from usage_rollup_hours where organization_id = $1", organization));
        Assert.Equal(
            expected, await SumAsync("select sum(amount) from ledger_entries where organization_id = $1 and account = 'revenue'",
            organization));
        Assert.Equal(100 - expected, await SumAsync("select balance from wallets where organization_id = $1", organization));
        Assert.Equal(1 - expected, await SumAsync("select leased from wallets where organization_id = $1", organization));
        Assert.Equal(-expected, await SumAsync("select sum(amount) from statement_days where organization_id = $1", organization));
        Assert.Equal(0, await SumAsync("select sum(amount) from ledger_entries where organization_id = $1", organization));
        Assert.Equal(
            500, await billing.ReadAsync<decimal>("select sum(requests) from usage_rollup_hours where organization_id = $1",
            organization));
    }

    [Fact]
    public async Task BookAsync_charges_every_kind_of_unit_at_its_price()
    {
        var organization = await billing.OpenWalletAsync(100);
        var epoch = (await Desk.AskAsync(new LeaseRequest(organization, null, 1_000_000_000, 0), default)).Epoch;
        var model = $"painter-{Guid.NewGuid():N}";
        await billing.App.Services.GetRequiredService<PriceBook>().SetAsync(
            new SetPrice(model, 1, 2, OnlyIfMissing: false)
            {
                PerThousandSeconds = 0.1m, PerImage = 0.04m, PerMillionPixels = 0.003m, PerStep = 0.00002m,
                PerRequest = 0.0005m, PerMillionElements = 0.7m,
            },
            default);
        var version = await billing.ReadAsync<Guid>("select version from price_versions where model = $1", model);
        var usage = BillingFixture.Usage(organization, epoch, 0, 0) with
        {
            Model = model, PriceVersion = version, Units = new Units(10, 20, 30, 40, 60_000, 2, 524_288, 50, 3, 500_001),
        };

        var booked = await ShipAsync(Guid.NewGuid(), [usage, usage with { RequestId = Guid.NewGuid(), Units = new Units(0, Pixels: -1) }]);

        // 10 prompt tokens, 20 cached ones at a tenth, 70 output tokens, a minute of audio, two pictures of 512 x 512 pixels, 50 steps,
        // 3 calls, 500,001 elements.
        var expected = 0.000012m + 0.00014m + 0.006m + 0.08m + 0.001572864m + 0.001m + 0.0015m + 0.3500007m;
        Assert.Equal((1, 1), (booked.Inserted, booked.Rejected));
        Assert.Equal(expected, await SumAsync("select sum(amount) from usage_events where organization_id = $1", organization));
        Assert.Equal(100 - expected, await SumAsync("select balance from wallets where organization_id = $1", organization));
        Assert.Equal(
            "10,20,30,40,60000,2,524288,50,3,500001",
            await billing.ReadAsync<string>(
                "select concat_ws(',', input, cached, output, reasoning, audio_ms, images, pixels, steps, calls, elements) "
                + "from usage_rollup_hours where organization_id = $1",
                organization));
    }

    [Fact]
    public async Task BookAsync_keeps_the_version_of_the_model_where_it_is_known()
    {
        var organization = await billing.OpenWalletAsync(10);
        var usage = BillingFixture.Usage(organization, 0, 50, 0);

        var booked = await ShipAsync(
            Guid.NewGuid(), [usage with { ModelVersion = "3" }, usage with { RequestId = Guid.NewGuid(), ModelVersion = null }]);

        Assert.Equal((2, 0), (booked.Inserted, booked.Rejected));
        Assert.Equal(
            "3,null",
            await billing.ReadAsync<string>(
                "select string_agg(coalesce(model_version, 'null'), ',' order by model_version) from usage_events "
                + "where organization_id = $1",
                organization));
        Assert.Equal(
            2, await billing.ReadAsync<decimal>("select sum(requests) from usage_rollup_hours where organization_id = $1", organization));
    }

    [Fact]
    public async Task BookAsync_books_a_trained_model_under_its_name_at_the_price_of_its_rule()
    {
        var organization = await billing.OpenWalletAsync(10);
        var version = await billing.ReadAsync<Guid>("select version from price_versions where model = $1", "lstm:tuned");
        var usage = BillingFixture.Usage(organization, 0, 50, 0) with
        {
            Model = "ft-lstm-mood-8000000000ab", PriceVersion = version,
            Price = new UsagePrice(new UnitPrices(20_000, 20_000, 0, 0, 0, 0), null, false),
        };

        var booked = await ShipAsync(Guid.NewGuid(), [usage]);

        Assert.Equal((1, 0), (booked.Inserted, booked.Rejected));
        Assert.Equal(50 * 0.00000002m, await SumAsync("select sum(amount) from usage_events where organization_id = $1", organization));
        Assert.Equal(
            "ft-lstm-mood-8000000000ab",
            await billing.ReadAsync<string>("select model from usage_rollup_hours where organization_id = $1", organization));
        Assert.Equal(0L, await billing.ReadAsync<long>("select count(*) from price_versions where model = $1", usage.Model));
    }

    [Fact]
    public async Task BookAsync_changes_nothing_when_a_batch_comes_again()
    {
        var organization = await billing.OpenWalletAsync(10);
        var epoch = (await Desk.AskAsync(new LeaseRequest(organization, null, 1_000_000_000, 0), default)).Epoch;
        var events = Enumerable.Range(0, 50).Select(_ => BillingFixture.Usage(organization, epoch, 10, 10)).ToList();
        var journal = Guid.NewGuid();
        await ShipAsync(journal, events);
        var before = await SumAsync("select balance from wallets where organization_id = $1", organization);

        var again = await ShipAsync(Guid.NewGuid(), [.. events, BillingFixture.Usage(organization, epoch, 0, 0), .. events.Take(5)]);

        Assert.Equal((1, 55, 0), (again.Inserted, again.Duplicates, again.Rejected));
        Assert.Equal(before, await SumAsync("select balance from wallets where organization_id = $1", organization));
        Assert.Equal(51, await billing.ReadAsync<decimal>("select sum(requests) from usage_rollup_hours where organization_id = $1",
            organization));
    }

    [Fact]
    public async Task BookAsync_puts_aside_what_breaks_and_books_the_rest()
    {
        var organization = await billing.OpenWalletAsync(10);
        var epoch = (await Desk.AskAsync(new LeaseRequest(organization, null, 1_000_000_000, 0), default)).Epoch;
        var good = Enumerable.Range(0, 97).Select(_ => BillingFixture.Usage(organization, epoch, 1, 1)).ToList();
        var unknownPrice = BillingFixture.Usage(organization, epoch, 1, 1) with { PriceVersion = Guid.NewGuid() };
        var zeroByte = BillingFixture.Usage(organization, epoch, 1, 1) with { Model = "tiny\0assistant" };
        var tooDear = BillingFixture.Usage(organization, epoch, 0, long.MaxValue);
        var negative = BillingFixture.Usage(organization, epoch, -1, 1);
        List<UsageEvent> events = [.. good.Take(40), unknownPrice, .. good.Skip(40).Take(20), zeroByte, .. good.Skip(60), tooDear,
            negative];
        var journal = Guid.NewGuid();

        var booked = await ShipAsync(journal, events);
        var again = await ShipAsync(journal, events);

        Assert.Equal((97, 0, 4), (booked.Inserted, booked.Duplicates, booked.Rejected));
        Assert.Equal(1000, booked.Cursor);
        Assert.Equal((0, 97, 4), (again.Inserted, again.Duplicates, again.Rejected));
        Assert.Equal(97 * 0.000002m, await SumAsync("select sum(amount) from usage_events where organization_id = $1", organization));
        var rejected = await billing.ReadAsync<Guid[]>(
            "select array_agg(request_id) from usage_rejected where organization_id = $1 and reason <> '' and event like '{%'",
            organization);
        Assert.Equal(
            new[] { unknownPrice, zeroByte, tooDear, negative }.Select(usage => usage.RequestId).Order(), rejected.Order());
    }

    [Fact]
    public async Task BookAsync_writes_down_again_the_price_that_a_restored_database_has_lost()
    {
        var organization = await billing.OpenWalletAsync(10);
        var model = $"priced-{Guid.NewGuid():N}";
        var from = TimeProvider.System.GetUtcNow().AddHours(-1);
        var prices = new UnitPrices(2_000_000, 1_000_000, 4_000_001, 4_000_001, 0, 0); // 2, 1 and 4.000001 dollars a million.
        var listed = BillingFixture.Usage(organization, 0, 100, 10) with
        {
            Model = model, PriceVersion = Guid.NewGuid(), Price = new UsagePrice(prices, from, false),
        };
        var own = listed with
        {
            RequestId = Guid.NewGuid(), PriceVersion = Guid.NewGuid(), Price = new UsagePrice(prices with { Input = 1 }, from, true),
        };
        var undated = listed with
        {
            RequestId = Guid.NewGuid(), PriceVersion = Guid.NewGuid(), Price = new UsagePrice(prices with { Input = 3 }, null, false),
        };
        var taken = listed with { RequestId = Guid.NewGuid(), PriceVersion = Guid.NewGuid() }; // The instant is the first one's.
        var negative = listed with
        {
            RequestId = Guid.NewGuid(), PriceVersion = Guid.NewGuid(),
            Price = new UsagePrice(prices with { Input = -1 }, from.AddHours(1), false),
        };

        var first = await ShipAsync(Guid.NewGuid(), [listed, own, undated]);
        var second = await ShipAsync(Guid.NewGuid(), [taken, negative, listed with { RequestId = Guid.NewGuid(), Price = null }]);
        await using var connection = await billing.Everything.OpenConnectionAsync();
        var book = (await billing.App.Services.GetRequiredService<PriceBook>().ReadAsync(connection, default)).Prices
            .Where(price => price.Model == model).ToList();

        Assert.Equal((3, 0), (first.Inserted, first.Rejected));
        Assert.Equal((2, 1), (second.Inserted, second.Rejected));
        Assert.Equal(
            0.00024000001m, await billing.ReadAsync<decimal>("select amount from usage_events where request_id = $1", listed.RequestId));
        Assert.Equal(
            [(listed.PriceVersion, null), (own.PriceVersion, organization)], book.Select(price => (price.Version, price.OrganizationId)));
        Assert.Equal(prices, book[0].PicoUsd);
        Assert.InRange(book[0].EffectiveFrom, from.AddMicroseconds(-1), from); // Postgres keeps microseconds.
    }

    [Fact]
    public async Task BookAsync_takes_two_shippers_at_once_without_deadlock_or_difference()
    {
        var organizations = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => billing.OpenWalletAsync(10)));
        var epochs = new Dictionary<Guid, long>();
        foreach (var organization in organizations)
        {
            epochs[organization] = (await Desk.AskAsync(new LeaseRequest(organization, null, 5_000_000_000, 0), default)).Epoch;
        }

        async Task<int> ShipManyAsync(int seed)
        {
            var random = new Random(seed);
            var journal = Guid.NewGuid();
            var inserted = 0;
            for (var batch = 0; batch < 15; batch++)
            {
                var events = Enumerable.Range(0, 200).Select(_ => organizations[random.Next(organizations.Length)])
                    .Select(organization => BillingFixture.Usage(organization, epochs[organization], 100, 100)).ToList();
                inserted += (await ShipAsync(journal, events)).Inserted;
            }

            return inserted;
        }

        var shipped = await Task.WhenAll(ShipManyAsync(1), ShipManyAsync(2), ShipManyAsync(3));

        Assert.Equal(9000, shipped.Sum());
        var spent = await billing.ReadAsync<decimal>("select sum(10 - balance) from wallets where organization_id = any($1)",
            organizations);
        Assert.Equal(9000 * 0.0002m, spent); // 100 x 0.5 + 100 x 1.5 millionths a request.
        Assert.Equal(
            spent, await billing.ReadAsync<decimal>("select sum(amount) from usage_rollup_hours where organization_id = any($1)",
            organizations));
    }

    [Fact]
    public async Task BookAsync_books_a_cost_above_the_lease_as_the_operators_loss()
    {
        var organization = await billing.OpenWalletAsync(1);
        var lease = await Desk.AskAsync(new LeaseRequest(organization, null, 100_000_000, 0), default);

        await ShipAsync(Guid.NewGuid(), [BillingFixture.Usage(organization, lease.Epoch, 0, 200_000)]); // 0.30 dollars of a lease of 0.10

        Assert.Equal(0.3m, await SumAsync("select sum(amount) from usage_events where organization_id = $1", organization));
        Assert.Equal(0.9m, await SumAsync("select balance from wallets where organization_id = $1", organization));
        Assert.Equal(
            -0.2m, await SumAsync("select balance from ledger_accounts where organization_id = $1 and account = 'operator_loss'",
            organization));
    }

    [Fact]
    public async Task BookAsync_refuses_an_older_boot_and_keeps_its_cursor()
    {
        var journals = billing.App.Services.GetRequiredService<Journals>();
        var journal = Guid.NewGuid();
        await journals.RegisterAsync(new RegisterJournal(journal, 1, "gateway-1"), default);
        await ShipAsync(journal, []);

        var registered = await journals.RegisterAsync(new RegisterJournal(journal, 2, "gateway-1"), default);
        var ghost = await Ingest.BookAsync(new UsageBatch(journal, 1, 1000, 2000, [], []), default);

        Assert.Equal(1000, registered!.Cursor);
        Assert.Null(ghost);
        Assert.Null(await journals.RegisterAsync(new RegisterJournal(journal, 1, "gateway-1"), default));
    }

    [Fact]
    public async Task Ensure_partitions_moves_rows_that_came_before_their_partition()
    {
        var organization = await billing.OpenWalletAsync(1);
        var far = TimeProvider.System.GetUtcNow().AddDays(40);
        var usage = BillingFixture.Usage(organization, 0, 0, 0) with { RequestId = Guid.CreateVersion7(far) };
        await ShipAsync(Guid.NewGuid(), [usage]);
        Assert.Equal("usage_events_default", await TableOfAsync(usage));

        await billing.ReadAsync<int>("select ensure_usage_partitions($1, $1)", DateOnly.FromDateTime(far.UtcDateTime));

        Assert.Equal($"usage_events_{far:yyyyMMdd}", await TableOfAsync(usage));
    }

    [Fact]
    public async Task Ledger_refuses_entries_that_do_not_balance_and_any_change()
    {
        var organization = await billing.OpenWalletAsync(1);

        var unbalanced = await Assert.ThrowsAsync<Npgsql.PostgresException>(() => billing.ReadAsync<object>(
            "insert into ledger_entries values ($1, gen_random_uuid(), 'wallet', 1) returning 1", organization));
        var changed = await Assert.ThrowsAsync<Npgsql.PostgresException>(() => billing.ReadAsync<object>(
            "update ledger_entries set amount = 2 where organization_id = $1 returning 1", organization));

        Assert.Equal("23514", unbalanced.SqlState);
        Assert.Equal("23001", changed.SqlState);
    }

    private async Task<UsageBooked> ShipAsync(Guid journal, IReadOnlyList<UsageEvent> events) =>
        (await Ingest.BookAsync(new UsageBatch(journal, 1, 0, 1000, events, []), default))!;

    private Task<decimal> SumAsync(string sql, Guid organization) => billing.ReadAsync<decimal>(sql, organization);

    private Task<string> TableOfAsync(UsageEvent usage) =>
        billing.ReadAsync<string>("select tableoid::regclass::text from usage_events where request_id = $1", usage.RequestId);
}
