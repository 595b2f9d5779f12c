using System.Text.Json;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Money;

namespace Tollgate.Contracts.Tests.Money;

public sealed class SetPriceTests
{
    private static readonly ModelTask Draw = new("draw", "image generation", UnitSet.Images | UnitSet.Pixels | UnitSet.Steps);
    private static readonly ModelTask Hear = new("hear", "speech recognition", UnitSet.Audio);

    [Fact]
    public void An_order_names_the_price_of_each_unit_of_its_task()
    {
        Assert.Equal(["inputPerMillion", "outputPerMillion"], Faults(Order(), ModelTask.Chat));
        Assert.Equal(["inputPerMillion"], Faults(Order(), ModelTask.Embeddings));
        Assert.Equal(["perThousandSeconds"], Faults(Order(), Hear));
        Assert.Equal(["perImage", "perMillionPixels", "perStep"], Faults(Order(), Draw));
        Assert.Equal(["inputPerMillion", "outputPerMillion"], Faults(Order(), task: null));
        Assert.Empty(Faults(Order() with { PerImage = 0.04m, PerMillionPixels = 0, PerStep = 0 }, Draw));
        Assert.Empty(Faults(Order() with { PerThousandSeconds = 0.1m }, task: null));
        Assert.Equal(["perRequest", "perMillionElements"], Faults(Order(), ModelTask.Tensors));
        Assert.Empty(Faults(Order() with { PerRequest = 0.001m, PerMillionElements = 0 }, ModelTask.Tensors));
    }

    [Fact]
    public void An_order_names_no_price_of_another_unit_unless_it_is_free()
    {
        var order = Order() with { InputPerMillion = 1, OutputPerMillion = 2, PerImage = 3 };

        Assert.Equal(["perImage"], Faults(order, ModelTask.Chat));
        Assert.Equal(["outputPerMillion", "perImage"], Faults(order, ModelTask.Embeddings));
        Assert.Empty(Faults(order with { OutputPerMillion = 0, PerImage = null }, ModelTask.Embeddings));
    }

    /// <summary>Rounded up to a whole pico-dollar a token.</summary>
    [Theory]
    [InlineData(0.5, null, 0.05)]
    [InlineData(0.15, null, 0.015)]
    [InlineData(0.000011, null, 0.000002)]
    [InlineData(0.000001, null, 0.000001)]
    [InlineData(0, null, 0)]
    [InlineData(0.5, 0.2, 0.2)]
    [InlineData(0.5, 0.0, 0)]
    public void Cached_tokens_cost_a_tenth_of_others_unless_the_order_names_their_price(double input, double? cached, double expected)
    {
        var order = Order() with { InputPerMillion = (decimal)input, CachedPerMillion = (decimal?)cached, OutputPerMillion = 1 };

        Assert.Equal((decimal)expected, order.PerMillion(UnitKind.All.Single(kind => kind.Column == "cached")));
        Assert.Empty(Faults(order, ModelTask.Chat));
    }

    [Fact]
    public void Cached_tokens_never_cost_more_than_what_is_held_for_them()
    {
        var order = Order() with { InputPerMillion = 1, OutputPerMillion = 2 };

        Assert.Empty(Faults(order with { CachedPerMillion = 1 }, ModelTask.Chat));
        Assert.Equal(["cachedPerMillion"], Faults(order with { CachedPerMillion = 1.000001m }, ModelTask.Chat));
        Assert.Equal(["cachedPerMillion"], Faults(order with { CachedPerMillion = 0.1m, OutputPerMillion = null }, ModelTask.Embeddings));
    }

    [Theory]
    [InlineData("perImage", 1000, true)]
    [InlineData("perImage", 0.000000000001, true)] // Six decimals of a million images.
    [InlineData("perImage", 0.0000000000001, false)]
    [InlineData("perImage", 1000.1, false)]
    [InlineData("perImage", -1, false)]
    [InlineData("inputPerMillion", 0.000001, true)]
    [InlineData("inputPerMillion", 0.0000001, false)]
    [InlineData("perThousandSeconds", 1_000_000_000, true)]
    [InlineData("perStep", 1001, false)]
    public void An_amount_fits_the_price_book(string name, double amount, bool fits) =>
        Assert.Equal(fits, PriceMember.All.Single(member => member.Name == name).Takes((decimal)amount));

    [Fact]
    public void Prices_and_units_of_the_version_with_six_kinds_are_read_from_JSON()
    {
        const string Prices = """
            {"prices":[{"model":"m","version":"0195aaaa-0000-7000-8000-000000000001","effectiveFrom":"2026-11-29T12:00:00+00:00",
            "picoUsd":{"input":1,"cached":2,"output":3,"reasoning":4,"audioMs":5,"image":6}}]}
            """;
        const string Cancel = """{"known":true,"units":{"input":1,"cached":2,"output":3,"reasoning":4,"audioMs":5,"images":6}}""";

        var prices = JsonSerializer.Deserialize(Prices, ContractsJson.Default.PriceSnapshot)!.Prices;
        var units = JsonSerializer.Deserialize(Cancel, ContractsJson.Default.Cancelled)!.Units;

        Assert.Equal(new UnitPrices(1, 2, 3, 4, 5, 6), Assert.Single(prices).PicoUsd);
        Assert.Equal(new Units(1, 2, 3, 4, 5, 6), units);
    }

    private static SetPrice Order() => new("m", null, null, OnlyIfMissing: false);

    private static IEnumerable<string> Faults(SetPrice order, ModelTask? task) => order.FindFaults(task).Select(fault => fault.Member);
}
