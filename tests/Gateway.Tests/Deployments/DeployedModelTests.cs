using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Contracts.Money;
using Tollgate.Gateway.Catalogue;
using Tollgate.Gateway.Tests.Harness;
using Tollgate.Testing;

namespace Tollgate.Gateway.Tests.Deployments;

/// <summary>Trained models from their tar to a billed answer.</summary>
public sealed class DeployedModelTests(DeploymentFixture system) : IClassFixture<DeploymentFixture>
{
    [Fact]
    public async Task A_deployed_model_answers_under_its_names_and_is_billed_by_the_rule()
    {
        var key = await system.CreateKeyAsync();
        var model = await system.TrainAsync(key);

        var deployed = await system.DeployAsync(key, model, "mood");
        var byName = await system.ClassifyAsync(key, "mood");
        var byModel = await system.ClassifyAsync(key, model);
        using var predicted = await system.Gateway.PostAsync(
            key, "/predict?model=mood", """{"data":"The soup and the room were awful"}""");
        var row = await system.Gateway.Plane.WaitForUsageAsync(byName.RequestId);

        Assert.Equal(("ready", model), (deployed.GetProperty("status").GetString(), deployed.GetProperty("model").GetString()));
        Assert.Equal((200, "good"), (byName.Status, byName.Answer));
        Assert.Equal((200, "good"), (byModel.Status, byModel.Answer));
        Assert.Equal("bad", (await JsonAsync(predicted)).GetProperty("label_name").GetString());
        Assert.Equal((model, DeploymentFixture.Rule.Version), (row.Model, row.PriceVersion));
        Assert.Equal((DeploymentFixture.Rule.PicoUsd, null), (row.Price!.PicoUsd, row.Price.EffectiveFrom));
        Assert.True(row.Units.Input > 0);
    }

    [Fact]
    public async Task A_request_of_predict_without_a_model_gets_the_deployment_of_that_name()
    {
        var (key, other) = (await system.CreateKeyAsync(), await system.CreateKeyAsync());
        await system.DeployAsync(key, await system.TrainAsync(key, "pleasant"), "predict");

        using var mine = await system.Gateway.PostAsync(key, "/predict", """{"data":"The film and the song were lovely"}""");
        using var theirs = await system.Gateway.PostAsync(other, "/predict", """{"data":"The film and the song were lovely"}""");

        Assert.Equal("pleasant", (await JsonAsync(mine)).GetProperty("label_name").GetString());
        Assert.Equal(404, (int)theirs.StatusCode);
    }

    [Fact]
    public async Task Another_project_and_another_organization_find_neither_name_nor_model()
    {
        var key = await system.CreateKeyAsync();
        var sibling = await system.CreateKeyAsync(record => record with { OrganizationId = key.Record.OrganizationId });
        var stranger = await system.CreateKeyAsync();
        var model = await system.TrainAsync(key);
        await system.DeployAsync(key, model, "private");

        Assert.Equal([model, "private"], (await ListAsync(key)).Where(id => id == "private" || id == model));
        foreach (var other in (TestKey[])[sibling, stranger])
        {
            Assert.Equal((404, "model_not_found"), Outcome(await system.ClassifyAsync(other, "private")));
            Assert.Equal((404, "model_not_found"), Outcome(await system.ClassifyAsync(other, model)));
            Assert.DoesNotContain(await ListAsync(other), id => id == "private" || id == model);
            using var shown = await GetAsync(other, $"/v1/models/{model}");
            Assert.Equal(404, (int)shown.StatusCode);
        }
    }

    [Fact]
    public async Task Lists_of_a_key_hold_for_deployments_and_trained_models()
    {
        var key = await system.CreateKeyAsync();
        var model = await system.TrainAsync(key);
        await system.DeployAsync(key, model, "listed");
        var byName = await SiblingAsync(key, allowed: ["listed"], denied: null);
        var byModel = await SiblingAsync(key, allowed: [model], denied: null);
        var none = await SiblingAsync(key, allowed: ["tiny-assistant"], denied: null);
        var denied = await SiblingAsync(key, allowed: null, denied: [model]);

        Assert.Equal((200, "good"), Outcome(await system.ClassifyAsync(byName, "listed")));
        Assert.Equal((404, "model_not_found"), Outcome(await system.ClassifyAsync(byName, model)));
        Assert.Equal((200, "good"), Outcome(await system.ClassifyAsync(byModel, "listed")));
        Assert.Equal((404, "model_not_found"), Outcome(await system.ClassifyAsync(none, "listed")));
        Assert.Equal((404, "model_not_found"), Outcome(await system.ClassifyAsync(denied, "listed")));
    }

    [Fact]
    public async Task A_model_without_a_price_names_the_price_that_the_operator_sets()
    {
        var key = await system.CreateKeyAsync();
        var model = await system.TrainAsync(key, baseModel: "unpriced");
        await system.DeployAsync(key, model, "free");

        using var refused = await system.Gateway.PostAsync(key, "/v1/classifications", """{"model":"free","input":"a"}""");
        var error = (await JsonAsync(refused)).GetProperty("error");
        system.Gateway.Plane.Prices.Publish(new PriceSnapshot(
            [DeploymentFixture.Rule, DeploymentFixture.Rule with { Model = model, Version = Guid.NewGuid() }]));
        var prices = system.Gateway.App.Services.GetRequiredService<PriceCatalogue>();
        await Until.TrueAsync(() => prices.Knows(model), "a price of its own");

        Assert.Equal((404, "model_not_available"), ((int)refused.StatusCode, error.GetProperty("code").GetString()));
        Assert.Contains("'unpriced:tuned'", error.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal((200, "good"), Outcome(await system.ClassifyAsync(key, "free")));
    }

    [Fact]
    public async Task No_request_fails_while_a_name_switches_and_goes_back()
    {
        var key = await system.CreateKeyAsync();
        await system.DeployAsync(key, await system.TrainAsync(key, "first"), "switched");
        var second = await system.TrainAsync(key, "second");
        using var stop = new CancellationTokenSource();
        var answers = new ConcurrentQueue<(int Status, string? Answer)>();
        var load = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                answers.Enqueue(Outcome(await system.ClassifyAsync(key, "switched")));
            }
        })).ToArray();

        await Until.TrueAsync(() => answers.Count > 20, "load", TimeSpan.FromMinutes(1));
        await system.DeployAsync(key, second, "switched");
        await SeeAsync("second");
        var back = await system.RollBackAsync(key, "switched");
        await SeeAsync("first");
        await stop.CancelAsync();
        await Task.WhenAll(load);

        Assert.Equal("ready", back.GetProperty("status").GetString());
        Assert.All(answers, answer => Assert.Equal(200, answer.Status));
        Assert.Equal(["first", "second"], answers.Select(answer => answer.Answer).Distinct());

        Task SeeAsync(string label) => Until.TrueAsync(
            async () => (await system.ClassifyAsync(key, "switched")).Answer == label, $"answers of {label}", TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task A_model_that_is_not_deployed_any_more_leaves_the_worker_and_the_list()
    {
        var key = await system.CreateKeyAsync();
        var model = await system.TrainAsync(key);
        await system.DeployAsync(key, model, "leaving");
        Assert.True(Directory.Exists(Path.Combine(system.Repository, model)));

        await system.DeleteAsync(key, "leaving");

        await Until.TrueAsync(() => !Directory.Exists(Path.Combine(system.Repository, model)), "the model is removed");
        await Until.TrueAsync(async () => !(await ListAsync(key)).Contains(model), "the model is not listed");
        Assert.Equal((404, "model_not_found"), Outcome(await system.ClassifyAsync(key, "leaving")));
    }

    private static (int Status, string? Answer) Outcome((int Status, string? Answer, string RequestId) call) => (call.Status, call.Answer);

    private static async Task<JsonElement> JsonAsync(HttpResponseMessage response) =>
        JsonElement.Parse(await response.Content.ReadAsStringAsync());

    private Task<TestKey> SiblingAsync(TestKey key, string[]? allowed, string[]? denied) => system.CreateKeyAsync(record => record with
    {
        OrganizationId = key.Record.OrganizationId, ProjectId = key.Record.ProjectId, ModelsAllowed = allowed, ModelsDenied = denied,
    });

    private async Task<IReadOnlyList<string>> ListAsync(TestKey key)
    {
        using var response = await GetAsync(key, "/v1/models");
        return [.. (await JsonAsync(response)).GetProperty("data").EnumerateArray().Select(one => one.GetProperty("id").GetString()!)];
    }

    private Task<HttpResponseMessage> GetAsync(TestKey key, string path) => system.Gateway.Http.SendAsync(
        new HttpRequestMessage(HttpMethod.Get, path) { Headers = { Authorization = key.Bearer } });
}
