using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Money;

namespace Tollgate.Contracts.Tests.Money;

public sealed class UnitKindTests
{
    [Fact]
    public void The_kinds_are_the_members_of_units_and_of_prices_in_their_order()
    {
        var units = Units.Of(OneToSix());
        var prices = UnitPrices.Of(OneToSix());

        Assert.Equal([1, 2, 3, 4, 5, 6], UnitKind.All.Select(kind => kind.Of(units)));
        Assert.Equal([1, 2, 3, 4, 5, 6], UnitKind.All.Select(kind => kind.PriceOf(prices)));
        Assert.Equal("1,2,3,4,5,6", units.ToString());
        Assert.Equal(Units.Length, UnitKind.All.Length);
    }

    [Fact]
    public void A_request_costs_what_each_kind_costs()
    {
        foreach (var kind in UnitKind.All)
        {
            var at = UnitKind.All.IndexOf(kind);
            var (units, prices) = (default(UnitCounts), OneToSix());
            units[at] = 10;

            Assert.Equal(10 * (at + 1), UnitPrices.Of(prices).CostPicoUsd(Units.Of(units)));
        }
    }

    private static UnitCounts OneToSix()
    {
        var counts = default(UnitCounts);
        for (var i = 0; i < Units.Length; i++)
        {
            counts[i] = i + 1;
        }

        return counts;
    }
}
