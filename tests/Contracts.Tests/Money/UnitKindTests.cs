using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Money;

namespace Tollgate.Contracts.Tests.Money;

public sealed class UnitKindTests
{
    [Fact]
    public void The_kinds_are_the_members_of_units_and_of_prices_in_their_order()
    {
        var units = Units.Of(OneToTen());
        var prices = UnitPrices.Of(OneToTen());

        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], UnitKind.All.Select(kind => kind.Of(units)));
        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], UnitKind.All.Select(kind => kind.PriceOf(prices)));
        Assert.Equal("1,2,3,4,5,6,7,8,9,10", units.ToString());
        Assert.Equal(Units.Length, UnitKind.All.Length);
    }

    [Fact]
    public void A_request_costs_what_each_kind_costs()
    {
        foreach (var kind in UnitKind.All)
        {
            var at = UnitKind.All.IndexOf(kind);
            var (units, prices) = (default(UnitCounts), OneToTen());
            units[at] = 10;

            Assert.Equal(10 * (at + 1), UnitPrices.Of(prices).CostPicoUsd(Units.Of(units), ServiceClass.Standard));
        }
    }

    [Fact]
    public void Each_kind_has_the_price_of_one_amount_of_an_order()
    {
        var order = new SetPrice("m", 1, 2, OnlyIfMissing: false)
        {
            PerThousandSeconds = 3, PerImage = 0.000004m, PerMillionPixels = 5, PerStep = 0.000006m,
            PerRequest = 0.000007m, PerMillionElements = 8, CachedPerMillion = 0.5m,
        };

        Assert.Equal([1, 0.5m, 2, 2, 3, 4, 5, 6, 7, 8], UnitKind.All.Select(kind => order.PerMillion(kind)));
        Assert.Equal(
            [1, 0.5m, 2, 3, 0.000004m, 5, 0.000006m, 0.000007m, 8],
            PriceMember.All.Select(member => member.UsdOf(new UnitPrices(
                1_000_000, 500_000, 2_000_000, 2_000_000, 3_000_000, 4_000_000, 5_000_000, 6_000_000,
                7_000_000, 8_000_000))));
    }

    private static UnitCounts OneToTen()
    {
        var counts = default(UnitCounts);
        for (var i = 0; i < Units.Length; i++)
        {
            counts[i] = i + 1;
        }

        return counts;
    }
}
