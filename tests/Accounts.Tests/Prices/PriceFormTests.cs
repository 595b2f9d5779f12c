using Microsoft.AspNetCore.WebUtilities;
using Tollgate.Accounts.Prices;
using Tollgate.Contracts.Money;

namespace Tollgate.Accounts.Tests.Prices;

/// <summary>The form for a price, without a page.</summary>
public sealed class PriceFormTests
{
    [Fact]
    public void Read_gives_the_order_that_the_fields_name()
    {
        var organization = Guid.NewGuid();
        var form = new PriceForm
        {
            Model = " tiny-assistant ", InputPerMillion = " 0.50 ", OutputPerMillion = "1.5", EffectiveFrom = "2030-01-31T23:59",
            OrganizationId = organization.ToString(),
        };

        var (order, faults) = form.Read();

        Assert.Empty(faults);
        Assert.Equal(
            new SetPrice(
                "tiny-assistant", 0.50m, 1.5m, OnlyIfMissing: false, new DateTimeOffset(2030, 1, 31, 23, 59, 0, TimeSpan.Zero),
                organization),
            order);
    }

    [Fact]
    public void Read_of_an_empty_form_orders_nothing_in_particular_and_finds_no_fault()
    {
        var (order, faults) = new PriceForm().Read(); // Billing knows which members a model needs.

        Assert.Empty(faults);
        Assert.Equal(new SetPrice("", null, null, OnlyIfMissing: false), order);
    }

    [Fact]
    public void Read_names_every_unreadable_member_and_leaves_it_out()
    {
        var form = new PriceForm
        {
            Model = "m", InputPerMillion = "1,5", OutputPerMillion = "-1", EffectiveFrom = "2030-01-31", OrganizationId = "mine",
        };

        var (order, faults) = form.Read();

        Assert.Equal(
            [
                nameof(PriceForm.InputPerMillion), nameof(PriceForm.OutputPerMillion), nameof(PriceForm.EffectiveFrom),
                nameof(PriceForm.OrganizationId),
            ],
            faults.Select(fault => fault.Member));
        Assert.Equal(new SetPrice("m", null, null, OnlyIfMissing: false), order);
    }

    [Fact]
    public void ToQuery_carries_the_fields_as_they_were_written()
    {
        var form = new PriceForm { Model = "a b", InputPerMillion = "1,5", EffectiveFrom = "2030-01-31T23:59" };

        var query = QueryHelpers.ParseQuery(form.ToQuery().ToString());

        Assert.Equal("a b", query[nameof(PriceForm.Model)]);
        Assert.Equal("1,5", query[nameof(PriceForm.InputPerMillion)]);
        Assert.Equal("2030-01-31T23:59", query[nameof(PriceForm.EffectiveFrom)]);
        Assert.Equal("", query[nameof(PriceForm.OrganizationId)]);
    }
}
