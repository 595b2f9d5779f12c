using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using Microsoft.AspNetCore.Http;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Money;
using Tollgate.Testing;

namespace Tollgate.Billing.Tests.Prices;

public sealed class PriceBookTests(BillingFixture billing) : IClassFixture<BillingFixture>
{
    [Fact]
    public async Task Prices_are_versioned_and_reach_followers_of_every_instance()
    {
        var (one, two) = (await billing.StartAsync(), await billing.StartAsync());
        using var accounts = BillingFixture.Client(one, "accounts");
        using var gateway = BillingFixture.Client(two, "gateway");
        var first = await gateway.GetAsync("/internal/prices");
        var seeds = (await first.Content.ReadFromJsonAsync(ContractsJson.Default.PriceSnapshot))!;
        using var poll = new HttpRequestMessage(HttpMethod.Get, "/internal/prices");
        poll.Headers.IfNoneMatch.Add(EntityTagHeaderValue.Parse(first.Headers.ETag!.ToString()));
        var waiting = gateway.SendAsync(poll);

        await SetAsync(accounts, new SetPrice("model-a", 1.25m, 3.000001m, false)); // A tenth for cached tokens.

        var next = (await (await waiting).Content.ReadFromJsonAsync(ContractsJson.Default.PriceSnapshot))!;
        var assistant = Assert.Single(seeds.Prices, price => price.Model == "tiny-assistant");
        Assert.Equal((500_000, 50_000, 1_500_000), (assistant.PicoUsd.Input, assistant.PicoUsd.Cached, assistant.PicoUsd.Output));
        Assert.Equal(20_000, Assert.Single(seeds.Prices, price => price.Model == "tiny-embed").PicoUsd.Input);
        Assert.Equal(20_000, Assert.Single(seeds.Prices, price => price.Model == "tiny-sentiment").PicoUsd.Input);
        var painter = Assert.Single(seeds.Prices, price => price.Model == "tiny-painter").PicoUsd;
        Assert.Equal((1_000_000_000, 10_000, 50_000_000), (painter.Image, painter.Pixel, painter.Step));
        var added = Assert.Single(next.Prices, price => price.Model == "model-a");
        Assert.Equal(new UnitPrices(1_250_000, 125_000, 3_000_001, 3_000_001, 0, 0), added.PicoUsd);
    }

    [Fact]
    public async Task SetAsync_adds_a_version_only_when_something_changes()
    {
        var app = await billing.StartAsync();
        using var accounts = BillingFixture.Client(app, "accounts");
        var tomorrow = TimeProvider.System.GetUtcNow().AddDays(1);

        await SetAsync(accounts, new SetPrice("model-b", 1, 2, true));
        await SetAsync(accounts, new SetPrice("model-b", 9, 9, true));
        await SetAsync(accounts, new SetPrice("model-b", 1, 2, false));
        await SetAsync(accounts, new SetPrice("model-b", 2, 2, false));
        await SetAsync(accounts, new SetPrice("model-b", 3, 3, false, EffectiveFrom: tomorrow));
        await SetAsync(accounts, new SetPrice("model-b", 0, 0, false, OrganizationId: Guid.NewGuid()));
        var snapshot = (await accounts.GetFromJsonAsync("/internal/prices", ContractsJson.Default.PriceSnapshot))!;

        Assert.Equal(4, await billing.ReadAsync<long>("select count(*) from price_versions where model = 'model-b'"));
        var shown = snapshot.Prices.Where(price => price.Model == "model-b").ToList();
        Assert.Equal([2_000_000, 3_000_000, 0], shown.Select(price => price.PicoUsd.Input));
        Assert.NotNull(shown[2].OrganizationId);
        Assert.InRange(snapshot.Since, shown[2].EffectiveFrom, tomorrow.AddTicks(-1)); // Tests beside this one set prices too.
    }

    [Theory]
    [InlineData("", 1, 1)]
    [InlineData("m", -1, 1)]
    [InlineData("m", 1, 0.0000001)]
    public async Task SetAsync_refuses_what_is_no_price(string model, decimal input, decimal output)
    {
        var app = await billing.StartAsync();
        using var accounts = BillingFixture.Client(app, "accounts");

        var answer = await accounts.PostAsJsonAsync("/internal/prices", new SetPrice(model, input, output, false),
            ContractsJson.Default.SetPrice);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Fact]
    public async Task Faults_of_a_price_come_all_at_once_and_nothing_is_added()
    {
        var app = await billing.StartAsync();
        using var accounts = BillingFixture.Client(app, "accounts");
        var wrong = new SetPrice("", -1, null, false, EffectiveFrom: TimeProvider.System.GetUtcNow().AddSeconds(-1));
        var before = await billing.ReadAsync<long>("select count(*) from price_versions");

        foreach (var path in (string[])["/internal/prices", "/internal/prices/check"])
        {
            var answer = await accounts.PostAsJsonAsync(path, wrong, ContractsJson.Default.SetPrice);
            var problem = (await answer.Content.ReadFromJsonAsync<HttpValidationProblemDetails>())!;

            Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
            Assert.Equal(["effectiveFrom", "inputPerMillion", "model", "outputPerMillion"], problem.Errors.Keys.Order());
        }

        Assert.Equal(before, await billing.ReadAsync<long>("select count(*) from price_versions"));
    }

    [Fact]
    public async Task Only_a_model_of_embeddings_goes_without_a_price_for_output()
    {
        var app = await billing.StartAsync();
        using var accounts = BillingFixture.Client(app, "accounts");

        var chat = await accounts.PostAsJsonAsync(
            "/internal/prices", new SetPrice("model-d", 1, null, false, Task: "chat"), ContractsJson.Default.SetPrice);
        var unknown = await accounts.PostAsJsonAsync(
            "/internal/prices", new SetPrice("model-d", 1, null, false), ContractsJson.Default.SetPrice);
        await SetAsync(accounts, new SetPrice("model-e", 0.02m, null, false, Task: "embeddings"));
        var snapshot = (await accounts.GetFromJsonAsync("/internal/prices", ContractsJson.Default.PriceSnapshot))!;

        Assert.Equal((HttpStatusCode.BadRequest, HttpStatusCode.BadRequest), (chat.StatusCode, unknown.StatusCode));
        Assert.DoesNotContain(snapshot.Prices, price => price.Model == "model-d");
        Assert.Equal(
            new UnitPrices(20_000, 2_000, 0, 0, 0, 0), Assert.Single(snapshot.Prices, price => price.Model == "model-e").PicoUsd);
    }

    [Fact]
    public async Task Price_of_another_unit_than_the_tasks_own_is_refused_by_name_and_one_without_a_task_may_have_all()
    {
        var app = await billing.StartAsync();
        using var accounts = BillingFixture.Client(app, "accounts");
        var picture = new SetPrice("model-g", null, null, false) { PerImage = 0.04m, PerMillionPixels = 0.003m, PerStep = 0.00002m };

        var answer = await accounts.PostAsJsonAsync(
            "/internal/prices", picture with { InputPerMillion = 1, Task = "embeddings" }, ContractsJson.Default.SetPrice);
        var problem = (await answer.Content.ReadFromJsonAsync<HttpValidationProblemDetails>())!;
        await SetAsync(accounts, picture);
        await SetAsync(accounts, picture); // Adds no version: it is the same price.
        await SetAsync(accounts, picture with { PerStep = 0 });

        Assert.Equal(["perImage", "perMillionPixels", "perStep"], problem.Errors.Keys.Order());
        Assert.Equal(2, await billing.ReadAsync<long>("select count(*) from price_versions where model = 'model-g'"));
        Assert.Equal(
            new UnitPrices(0, 0, 0, 0, 0, 40_000_000_000, 3_000, 0), Assert.Single(await PricesAsync(accounts, "model-g")).PicoUsd);
    }

    [Fact]
    public async Task Withdrawn_price_is_in_force_for_nobody_and_one_in_force_cannot_be_withdrawn()
    {
        var (one, two) = (await billing.StartAsync(), await billing.StartAsync());
        using var accounts = BillingFixture.Client(one, "accounts");
        using var gateway = BillingFixture.Client(two, "gateway");
        await SetAsync(accounts, new SetPrice("model-f", 1, 2, false));
        await SetAsync(accounts, new SetPrice("model-f", 3, 4, false, EffectiveFrom: TimeProvider.System.GetUtcNow().AddDays(1)));
        var prices = await PricesAsync(accounts, "model-f");

        var done = await accounts.DeleteAsync($"/internal/prices/{prices[1].Version}");
        var again = await accounts.DeleteAsync($"/internal/prices/{prices[1].Version}");
        var late = await accounts.DeleteAsync($"/internal/prices/{prices[0].Version}");
        await Until.TrueAsync(async () => (await PricesAsync(gateway, "model-f")).Count == 1, "the other instance publishes it");

        Assert.Equal([1_000_000, 3_000_000], prices.Select(price => price.PicoUsd.Input));
        Assert.Equal(HttpStatusCode.NoContent, done.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, again.StatusCode);
        Assert.Equal(HttpStatusCode.Conflict, late.StatusCode);
        Assert.Equal(prices[0], Assert.Single(await PricesAsync(accounts, "model-f")));
        // Usage that was admitted under it still finds its price.
        Assert.Equal(4, await billing.ReadAsync<decimal>(
            $"select output from price_versions where version = '{prices[1].Version}' and effective_from is null"));
    }

    private static async Task<List<ModelPrice>> PricesAsync(HttpClient client, string model) =>
        [.. (await client.GetFromJsonAsync("/internal/prices", ContractsJson.Default.PriceSnapshot))!.Prices.Where(p => p.Model == model)];

    private static async Task SetAsync(HttpClient client, SetPrice price)
    {
        var answer = await client.PostAsJsonAsync("/internal/prices", price, ContractsJson.Default.SetPrice);
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
    }
}
