using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Money;

namespace Tollgate.Billing.Tests.Prices;

public sealed class PriceBookTests(BillingFixture billing) : IClassFixture<BillingFixture>
{
    [Fact]
    public async Task Prices_are_versioned_and_reach_followers_of_every_instance()
    {
        var (one, two) = (await billing.StartAsync(), await billing.StartAsync());
        using var operators = BillingFixture.Client(one, "operator");
        using var gateway = BillingFixture.Client(two, "gateway");
        var first = await gateway.GetAsync("/internal/prices");
        var seeds = (await first.Content.ReadFromJsonAsync(ContractsJson.Default.PriceSnapshot))!;
        using var poll = new HttpRequestMessage(HttpMethod.Get, "/internal/prices");
        poll.Headers.IfNoneMatch.Add(EntityTagHeaderValue.Parse(first.Headers.ETag!.ToString()));
        var waiting = gateway.SendAsync(poll);

        await SetAsync(operators, new SetPrice("model-a", 1.25m, 3.000001m, false));

        var next = (await (await waiting).Content.ReadFromJsonAsync(ContractsJson.Default.PriceSnapshot))!;
        var assistant = Assert.Single(seeds.Prices, price => price.Model == "tiny-assistant");
        Assert.Equal((500_000, 1_500_000), (assistant.PicoUsd.Input, assistant.PicoUsd.Output));
        Assert.Equal(20_000, Assert.Single(seeds.Prices, price => price.Model == "tiny-embed").PicoUsd.Input);
        var added = Assert.Single(next.Prices, price => price.Model == "model-a");
        Assert.Equal(new UnitPrices(1_250_000, 1_250_000, 3_000_001, 3_000_001, 0, 0), added.PicoUsd);
    }

    [Fact]
    public async Task SetAsync_adds_a_version_only_when_something_changes()
    {
        var app = await billing.StartAsync();
        using var operators = BillingFixture.Client(app, "operator");
        var tomorrow = TimeProvider.System.GetUtcNow().AddDays(1);

        await SetAsync(operators, new SetPrice("model-b", 1, 2, true));
        await SetAsync(operators, new SetPrice("model-b", 9, 9, true));
        await SetAsync(operators, new SetPrice("model-b", 1, 2, false));
        await SetAsync(operators, new SetPrice("model-b", 2, 2, false));
        await SetAsync(operators, new SetPrice("model-b", 3, 3, false, EffectiveFrom: tomorrow));
        await SetAsync(operators, new SetPrice("model-b", 0, 0, false, OrganizationId: Guid.NewGuid()));
        var snapshot = (await operators.GetFromJsonAsync("/internal/prices", ContractsJson.Default.PriceSnapshot))!;

        Assert.Equal(4, await billing.ReadAsync<long>("select count(*) from price_versions where model = 'model-b'"));
        var shown = snapshot.Prices.Where(price => price.Model == "model-b").ToList();
        Assert.Equal([2_000_000, 3_000_000, 0], shown.Select(price => price.PicoUsd.Input));
        Assert.NotNull(shown[2].OrganizationId);
    }

    [Theory]
    [InlineData("", 1, 1)]
    [InlineData("m", -1, 1)]
    [InlineData("m", 1, 0.0000001)]
    public async Task SetAsync_refuses_what_is_no_price(string model, decimal input, decimal output)
    {
        var app = await billing.StartAsync();
        using var operators = BillingFixture.Client(app, "operator");

        var answer = await operators.PostAsJsonAsync("/internal/prices", new SetPrice(model, input, output, false),
            ContractsJson.Default.SetPrice);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    private static async Task SetAsync(HttpClient client, SetPrice price)
    {
        var answer = await client.PostAsJsonAsync("/internal/prices", price, ContractsJson.Default.SetPrice);
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
    }
}
