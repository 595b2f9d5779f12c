using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Money;

namespace Tollgate.Contracts.Tests.Money;

public sealed class UnitPricesTests
{
    /// <summary>0.50 dollars per million input tokens, 1.50 output: half a million and
    /// one and a half million pico-dollars a token.</summary>
    private static readonly UnitPrices Tiny = new(500_000, 0, 1_500_000, 1_500_000, 0, 0);

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(1, 0, 500)] // 500,000 pico
    [InlineData(0, 1, 1500)]
    [InlineData(10, 20, 35_000)] // 10 · 500 + 20 · 1,500
    public void CostNanoUsd_is_exact_where_it_can_be(long input, long output, long nanoUsd) =>
        Assert.Equal(nanoUsd, Tiny.CostNanoUsd(new Units(input, Output: output), ServiceClass.Standard));

    [Theory]
    [InlineData(1, 1, 1)] // 1 pico-dollar is still a nano-dollar to hold
    [InlineData(999, 1, 1)]
    [InlineData(1000, 1, 1)]
    [InlineData(1001, 1, 2)]
    [InlineData(1, 2001, 3)]
    public void CostNanoUsd_rounds_up_once_over_the_whole_request(long price, long input, long nanoUsd) =>
        Assert.Equal(nanoUsd, new UnitPrices(price, 0, 0, 0, 0, 0).CostNanoUsd(new Units(input), ServiceClass.Standard));

    [Fact]
    public void CostPicoUsd_charges_each_kind_at_its_own_price()
    {
        var prices = new UnitPrices(1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000);

        Assert.Equal(9_987_654_321, prices.CostPicoUsd(new Units(1, 2, 3, 4, 5, 6, 7, 8, 9, 9), ServiceClass.Standard));
    }

    [Fact]
    public void CostNanoUsd_throws_rather_than_wrap_around()
    {
        var prices = new UnitPrices(long.MaxValue, 0, 0, 0, 0, 0);

        Assert.Throws<OverflowException>(() => prices.CostNanoUsd(new Units(long.MaxValue), ServiceClass.Standard));
    }

    [Theory]
    [InlineData(5000, 1000, 500, 1)] // half
    [InlineData(5000, 1001, 501, 1)] // 500.5 pico-dollars
    [InlineData(3333, 10_000_000, 3_333_000, 3333)]
    [InlineData(1, 1, 1, 1)] // a ten-thousandth
    [InlineData(10_000, 1001, 1001, 2)]
    [InlineData(0, 1001, 0, 0)]
    public void A_batch_pays_its_factor_once_rounded_up(int factor, long input, long picoUsd, long nanoUsd)
    {
        var prices = new UnitPrices(1, 0, 0, 0, 0, 0, BatchFactor: factor);

        Assert.Equal(picoUsd, prices.CostPicoUsd(new Units(input), ServiceClass.Batch));
        Assert.Equal(nanoUsd, prices.CostNanoUsd(new Units(input), ServiceClass.Batch));
        Assert.Equal(input, prices.CostPicoUsd(new Units(input), ServiceClass.Standard));
    }

    [Fact]
    public void A_hold_at_the_batch_price_pays_for_every_use_within_its_bound()
    {
        var random = new Random(11);
        for (var i = 0; i < 10_000; i++)
        {
            var prices = new UnitPrices(random.Next(2_000_000), 0, random.Next(2_000_000), 0, 0, 0, BatchFactor: random.Next(10_001));
            var bound = new Units(random.Next(100_000), Output: random.Next(100_000));
            var used = new Units(random.NextInt64(bound.Input + 1), Output: random.NextInt64(bound.Output + 1));

            Assert.True(prices.CostNanoUsd(used, ServiceClass.Batch) <= prices.CostNanoUsd(bound, ServiceClass.Batch));
        }
    }
}
