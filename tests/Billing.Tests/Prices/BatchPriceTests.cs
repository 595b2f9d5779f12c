using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using NpgsqlTypes;
using Tollgate.Billing.Ingest;
using Tollgate.Billing.Leases;
using Tollgate.Billing.Prices;
using Tollgate.Billing.Reports;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Money;
using Tollgate.Contracts.Usage;

namespace Tollgate.Billing.Tests.Prices;

/// <summary>What requests of class batch cost, computed in C# by gateways and in SQL by Billing.</summary>
public sealed class BatchPriceTests(BillingFixture billing) : IClassFixture<BillingFixture>
{
    private const int Cases = 5_000;
    private const decimal DollarsPerPico = 0.000000000001m;

    [Fact]
    public async Task Both_languages_compute_the_same_cost_of_random_units_and_prices()
    {
        var random = new Random(40);
        await using var connection = await billing.Everything.OpenConnectionAsync();
        for (var i = 0; i < Cases; i++)
        {
            var (prices, units) = (RandomPrices(random), RandomUnits(random));
            var serviceClass = (ServiceClass)random.Next(2);

            var booked = await CostAsync(connection, prices, units, serviceClass);

            var held = prices.CostPicoUsd(units, serviceClass);
            Assert.Equal((i, (decimal)held * DollarsPerPico), (i, booked));
            // The till's whole nano-dollars are what is booked, once rounded up.
            Assert.Equal(decimal.Ceiling(booked * 1_000_000_000m), prices.CostNanoUsd(units, serviceClass));
        }
    }

    [Fact]
    public async Task A_price_carries_its_factor_which_is_half_where_the_order_names_none()
    {
        var model = $"model-{Guid.NewGuid():N}";
        var book = billing.App.Services.GetRequiredService<PriceBook>();

        await book.SetAsync(new SetPrice(model, 1, 2, OnlyIfMissing: false), default);
        Assert.Equal(5000, (await InForceAsync(book, model)).PicoUsd.BatchFactor);
        await book.SetAsync(new SetPrice(model, 1, 2, OnlyIfMissing: false) { BatchFactor = 0.3333m }, default);
        var changed = await InForceAsync(book, model);
        await book.SetAsync(new SetPrice(model, 1, 2, OnlyIfMissing: false) { BatchFactor = 0.3333m }, default);

        Assert.Equal(3333, changed.PicoUsd.BatchFactor);
        Assert.Equal(changed.Version, (await InForceAsync(book, model)).Version); // Nothing changed.
    }

    [Theory]
    [InlineData("-0.1")]
    [InlineData("1.0001")]
    [InlineData("0.33333")]
    public void A_factor_outside_its_range_is_a_fault_by_its_name(string factor)
    {
        var order = new SetPrice("m", 1, 2, OnlyIfMissing: false)
        {
            BatchFactor = decimal.Parse(factor, System.Globalization.CultureInfo.InvariantCulture),
        };

        Assert.Equal(["batchFactor"], PriceRules.FindFaults(order, DateTimeOffset.UnixEpoch).Keys);
    }

    [Fact]
    public async Task Batches_are_booked_at_the_factor_in_rows_of_their_own()
    {
        var organization = await billing.OpenWalletAsync(100);
        var epoch = (await billing.App.Services.GetRequiredService<LeaseDesk>().AskAsync(
            new LeaseRequest(organization, null, 1_000_000_000, 0), default)).Epoch;
        UsageEvent[] events =
        [
            BillingFixture.Usage(organization, epoch, 101, 10),
            BillingFixture.Usage(organization, epoch, 101, 10) with { ServiceClass = ServiceClass.Batch },
        ];

        var booked = await billing.App.Services.GetRequiredService<UsageIngest>().BookAsync(
            new UsageBatch(Guid.NewGuid(), 1, 0, 100, events, []), default);

        const decimal Standard = (101 * 0.0000005m) + (10 * 0.0000015m);
        const decimal Total = Standard * 1.5m;
        Assert.Equal(2, booked!.Inserted);
        Assert.Equal(Total, await SumAsync("select sum(amount) from usage_events where organization_id = $1", organization));
        Assert.Equal(
            Total,
            await SumAsync("select sum(amount) from ledger_entries where organization_id = $1 and account = 'revenue'", organization));
        Assert.Equal(100 - Total, await SumAsync("select balance from wallets where organization_id = $1", organization));
        var now = TimeProvider.System.GetUtcNow();
        var report = await billing.App.Services.GetRequiredService<UsageReports>().OfOrganizationAsync(
            organization, new ReportRange(now.AddDays(-1), now.AddDays(1), ReportBucket.Day), default);
        Assert.Equal(
            [(ServiceClass.Standard, Standard), (ServiceClass.Batch, Standard / 2)],
            report.Rows.GroupBy(row => row.ServiceClass, (one, rows) => (one, rows.Sum(row => row.Amount))).OrderBy(one => one.one));
    }

    [Fact]
    public async Task A_price_that_a_restored_database_lost_comes_back_with_its_factor()
    {
        var organization = await billing.OpenWalletAsync(1);
        var epoch = (await billing.App.Services.GetRequiredService<LeaseDesk>().AskAsync(
            new LeaseRequest(organization, null, 1_000_000_000, 0), default)).Epoch;
        var price = new UnitPrices(1_000_000, 1_000_000, 0, 0, 0, 0, BatchFactor: 2500);
        var usage = BillingFixture.Usage(organization, epoch, 1000, 0) with
        {
            Model = $"lost-{Guid.NewGuid():N}", PriceVersion = Guid.CreateVersion7(TimeProvider.System.GetUtcNow()),
            Price = new UsagePrice(price, DateTimeOffset.UnixEpoch, false), ServiceClass = ServiceClass.Batch,
        };

        await billing.App.Services.GetRequiredService<UsageIngest>().BookAsync(
            new UsageBatch(Guid.NewGuid(), 1, 0, 100, [usage], []), default);

        // A thousand tokens at one dollar a million, a quarter of it.
        Assert.Equal(0.00025m, await SumAsync("select sum(amount) from usage_events where organization_id = $1", organization));
        Assert.Equal(
            0.25m, await billing.ReadAsync<decimal>("select batch_factor from price_versions where version = $1", usage.PriceVersion));
    }

    private Task<decimal> SumAsync(string sql, Guid organization) => billing.ReadAsync<decimal>(sql, organization);

    private async Task<ModelPrice> InForceAsync(PriceBook book, string model)
    {
        await using var connection = await billing.Everything.OpenConnectionAsync();
        return Assert.Single((await book.ReadAsync(connection, default)).Prices, price => price.Model == model);
    }

    private static async Task<decimal> CostAsync(NpgsqlConnection connection, UnitPrices prices, Units units, ServiceClass serviceClass)
    {
        var kinds = UnitKind.All;
        var counts = string.Join(", ", kinds.Select((_, i) => $"${i + 1}::bigint"));
        var amounts = string.Join(", ", kinds.Select((_, i) => $"${kinds.Length + i + 1}::numeric"));
        await using var command = new NpgsqlCommand(
            $"""
            select units_cost({counts}, ${(2 * kinds.Length) + 1}::smallint, jsonb_populate_record(
              null::price_versions, jsonb_build_object('batch_factor', ${(2 * kinds.Length) + 2}::numeric)
              || jsonb_object(array['{string.Join("','", kinds.Select(kind => kind.PriceColumn))}'], array[{amounts}]::text[])))
            """,
            connection);
        foreach (var kind in kinds)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = kind.Of(units), NpgsqlDbType = NpgsqlDbType.Bigint });
        }

        foreach (var kind in kinds)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = kind.PriceOf(prices) / 1_000_000m });
        }

        command.Parameters.Add(new NpgsqlParameter { Value = (short)serviceClass });
        command.Parameters.Add(new NpgsqlParameter { Value = prices.BatchFactor / 10_000m });
        return (decimal)(await command.ExecuteScalarAsync())!;
    }

    private static UnitPrices RandomPrices(Random random) => new(
        Price(random), Price(random), Price(random), Price(random), Price(random), Price(random), Price(random), Price(random),
        random.Next(10_001));

    /// <summary>Small and large ones, round and odd ones.</summary>
    private static long Price(Random random) => random.Next(4) switch
    {
        0 => 0,
        1 => random.Next(1, 1000),
        2 => random.Next(1, 100) * 10_000L,
        _ => random.NextInt64(1, 5_000_000_000),
    };

    private static Units RandomUnits(Random random) => new(
        Count(random), Count(random), Count(random), Count(random), Count(random), Count(random), Count(random), Count(random));

    private static long Count(Random random) => random.Next(3) switch { 0 => 0, 1 => random.Next(1, 50), _ => random.Next(1, 2_000_000) };
}
