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
        Assert.Equal(nanoUsd, Tiny.CostNanoUsd(new Units(input, Output: output)));

    [Theory]
    [InlineData(1, 1, 1)] // 1 pico-dollar is still a nano-dollar to hold
    [InlineData(999, 1, 1)]
    [InlineData(1000, 1, 1)]
    [InlineData(1001, 1, 2)]
    [InlineData(1, 2001, 3)]
    public void CostNanoUsd_rounds_up_once_over_the_whole_request(long price, long input, long nanoUsd) =>
        Assert.Equal(nanoUsd, new UnitPrices(price, 0, 0, 0, 0, 0).CostNanoUsd(new Units(input)));

    [Fact]
    public void CostPicoUsd_charges_each_kind_at_its_own_price()
    {
        var prices = new UnitPrices(1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000);

        Assert.Equal(87_654_321, prices.CostPicoUsd(new Units(1, 2, 3, 4, 5, 6, 7, 8)));
    }

    [Fact]
    public void CostNanoUsd_throws_rather_than_wrap_around()
    {
        var prices = new UnitPrices(long.MaxValue, 0, 0, 0, 0, 0);

        Assert.Throws<OverflowException>(() => prices.CostNanoUsd(new Units(long.MaxValue)));
    }
}
