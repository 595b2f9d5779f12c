using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Tollgate.Contracts.Catalogue;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Learning;
using Tollgate.Contracts.Workers;
using Tollgate.Learning.Callers;
using Tollgate.ServiceDefaults.Hosting;
using Tollgate.Testing;

namespace Tollgate.Learning.Tests.Deployments;

public sealed class DeploymentTests(LearningFixture learning) : IClassFixture<LearningFixture>, IAsyncLifetime
{
    private const string Deployments = "/v1/fine_tuning/deployments";
    private const string Models = "/v1/fine_tuning/models";

    private readonly FileCaller _caller = LearningFixture.NewCaller();
    private FleetDoor _fleet = null!;
    private WebApplication _app = null!;
    private HttpClient _http = null!;

    private ModelOwner Owner => new(_caller.OrganizationId, _caller.ProjectId);

    public async Task InitializeAsync()
    {
        _fleet = await FleetDoor.StartAsync();
        (_app, _http) = await learning.StartAsync(
            "--Batches:Batches=0", $"--Services:gateway={_fleet.Url}", "--Deployments:LookEvery=00:00:00.020",
            "--Deployments:ReadyWait=00:00:00", "--Deployments:MaxDeployments=3");
    }

    public async Task DisposeAsync()
    {
        await learning.EndAsync(_app);
        await _fleet.DisposeAsync();
    }

    [Fact]
    public async Task A_name_points_at_a_model_once_a_worker_has_it_and_goes_back_at_once()
    {
        var (first, second) = (await PlantAsync(), await PlantAsync());

        var deploying = await DeployAsync(new { model = first, name = "mood" });
        var unnamed = await FeedAsync(feed => feed.Models.Any(model => model.Name == first));
        _fleet.Show(first, Owner, ready: false);
        _fleet.Show(second, Owner with { ProjectId = Guid.NewGuid() }); // Another project's model of that name is not this one.
        var loading = await DeployAsync(new { model = first, name = "mood" });
        _fleet.Show(first, Owner);
        var ready = await UntilReadyAsync("mood");
        var switching = await DeployAsync(new { model = second, name = "mood" });
        _fleet.Show(second, Owner);
        var switched = await UntilReadyAsync("mood");
        using var rollback = await SendAsync(HttpMethod.Post, $"{Deployments}/mood/rollback");
        var back = await LearningFixture.JsonAsync(rollback, 200);

        Assert.Equal(("deploying", null, first), State(deploying));
        Assert.DoesNotContain(unnamed.Names, name => name.Name == "mood");
        Assert.Equal("deploying", loading.GetProperty("status").GetString());
        Assert.Equal(("ready", first, null), State(ready));
        Assert.Equal(("deploying", first, second), State(switching));
        Assert.Equal(("ready", second, null), State(switched));
        Assert.Equal(("ready", first, null), State(back));
        Assert.Equal(second, back.GetProperty("previous_model").GetString());
        var feed = await FeedAsync(feed => feed.Names.Any(name => name.Name == "mood" && name.Model == first));
        Assert.Equal(second, feed.Names.Single(name => name.Name == "mood").Previous);
        Assert.Equal([first, second], feed.Models.Where(model => model.Owner == Owner).Select(model => model.Name));
    }

    [Theory]
    [InlineData("accuracy", 0.91, "0.9")]
    [InlineData("macro_f1", 0.86, "0.85")]
    [InlineData("roc_auc", 0.96, "0.95")]
    public async Task A_model_below_a_minimum_is_refused_with_both_numbers(string metric, double least, string reached)
    {
        var model = await PlantAsync();

        using var response = await PostAsync(new { model, name = "strict", minimum = new { metric, value = least } });
        var (code, param, message) = await LearningFixture.ErrorAsync(response, 400);

        Assert.Equal(("below_minimum", "minimum"), (code, param));
        Assert.Contains($"the {metric} {reached};", message, StringComparison.Ordinal);
        Assert.Contains(FormattableString.Invariant($"is {least}."), message, StringComparison.Ordinal);
        using var unknown = await SendAsync(HttpMethod.Get, $"{Deployments}/strict");
        Assert.Equal(404, (int)unknown.StatusCode);
    }

    [Fact]
    public async Task The_minimum_of_a_name_holds_for_later_models_too()
    {
        var (good, poor, manyLabels) = (
            await PlantAsync(), await PlantAsync(model => model with { Accuracy = 0.7 }),
            await PlantAsync(model => model with { Evaluation = """{"evaluation":{}}""" }));
        await DeployAsync(new { model = good, name = "kept", minimum = new { metric = "accuracy", value = 0.8 } });

        using var refused = await PostAsync(new { model = poor, name = "kept" });
        using var lowered = await PostAsync(new { model = poor, name = "kept", minimum = new { metric = "accuracy", value = 0.1 } });
        using var without = await PostAsync(new { model = manyLabels, name = "other", minimum = new { metric = "roc_auc", value = 0.1 } });

        Assert.Contains(
            "of the deployment 'kept' is 0.8", (await LearningFixture.ErrorAsync(refused, 400)).Message, StringComparison.Ordinal);
        Assert.Equal("below_minimum", (await LearningFixture.ErrorAsync(lowered, 400)).Code);
        Assert.Contains("has no roc_auc", (await LearningFixture.ErrorAsync(without, 400)).Message, StringComparison.Ordinal);
        Assert.Equal(0.8, (await DeployAsync(new { model = good, name = "kept" })).GetProperty("minimum").GetProperty("value").GetDouble());
    }

    [Fact]
    public async Task Another_projects_models_and_deployments_do_not_exist()
    {
        var model = await PlantAsync();
        await DeployAsync(new { model, name = "mine" });
        FileCaller[] strangers = [_caller with { ProjectId = Guid.NewGuid() }, LearningFixture.NewCaller()];
        foreach (var stranger in strangers)
        {
            using var deploy = await PostAsync(new { model, name = "mine" }, stranger);
            using var show = await SendAsync(HttpMethod.Get, $"{Deployments}/mine", caller: stranger);
            using var back = await SendAsync(HttpMethod.Post, $"{Deployments}/mine/rollback", caller: stranger);
            using var delete = await SendAsync(HttpMethod.Delete, $"{Deployments}/mine", caller: stranger);
            using var deleteModel = await SendAsync(HttpMethod.Delete, $"{Models}/{model}", caller: stranger);
            using var receipt = await SendAsync(HttpMethod.Get, $"{Models}/{model}/receipt", caller: stranger);
            using var deployments = await SendAsync(HttpMethod.Get, Deployments, caller: stranger);
            using var models = await SendAsync(HttpMethod.Get, Models, caller: stranger);

            foreach (var response in (HttpResponseMessage[])[deploy, show, back, delete, deleteModel, receipt])
            {
                Assert.Equal(404, (int)response.StatusCode);
            }

            Assert.Equal(0, (await LearningFixture.JsonAsync(deployments, 200)).GetProperty("data").GetArrayLength());
            Assert.Equal(0, (await LearningFixture.JsonAsync(models, 200)).GetProperty("data").GetArrayLength());
        }

        using var mine = await SendAsync(HttpMethod.Get, Deployments);
        Assert.Equal("mine", (await LearningFixture.JsonAsync(mine, 200)).GetProperty("data")[0].GetProperty("name").GetString());
    }

    [Fact]
    public async Task A_model_is_deleted_with_its_key_and_a_receipt_but_not_while_it_is_deployed()
    {
        var (old, model) = (await PlantAsync(), await PlantAsync());
        _fleet.Show(old, Owner);
        _fleet.Show(model, Owner);
        await DeployAsync(new { model = old, name = "gone" });
        await UntilReadyAsync("gone");
        await DeployAsync(new { model, name = "gone" });
        await UntilReadyAsync("gone");

        using var refused = await SendAsync(HttpMethod.Delete, $"{Models}/{model}");
        using var deleted = await SendAsync(HttpMethod.Delete, $"{Models}/{old}");
        using var rollback = await SendAsync(HttpMethod.Post, $"{Deployments}/gone/rollback");
        using var receipt = await SendAsync(HttpMethod.Get, $"{Models}/{old}/receipt");
        using var again = await PostAsync(new { model = old, name = "gone" });

        var error = await LearningFixture.ErrorAsync(refused, 409);
        Assert.Equal("model_deployed", error.Code);
        Assert.Contains("'gone'", error.Message, StringComparison.Ordinal);
        Assert.True((await LearningFixture.JsonAsync(deleted, 200)).GetProperty("deleted").GetBoolean());
        Assert.Equal("no_previous_model", (await LearningFixture.ErrorAsync(rollback, 400)).Code);
        var signed = await LearningFixture.JsonAsync(receipt, 200);
        Assert.True(signed.GetProperty("content_removed").GetBoolean());
        Assert.Contains(old, signed.GetProperty("signature").GetProperty("text").GetString(), StringComparison.Ordinal);
        Assert.Equal("model_not_found", (await LearningFixture.ErrorAsync(again, 404)).Code);
        Assert.Equal(
            (true, "[]"),
            (await learning.ReadAsync<bool>("select wrapped_key is null from tuned_models where name = $1", old),
                await learning.ReadAsync<string>("select labels from tuned_models where name = $1", old)));
    }

    [Fact]
    public async Task Workers_get_the_file_of_a_deployed_model_and_of_no_other()
    {
        var (deployed, idle) = (await PlantAsync(model => model with { Tar = [5, 6, 7] }), await PlantAsync());
        await DeployAsync(new { model = deployed, name = "fetched" });
        using var worker = new HttpClient
        {
            BaseAddress = new Uri(_app.Url(ListenerKind.Internal)),
            DefaultRequestHeaders = { Authorization = TestBearers.Header("inference", "learning") },
        };

        var file = await worker.GetByteArrayAsync(TrainedModels.ModelFileOf(deployed));
        using var other = await worker.GetAsync(TrainedModels.ModelFileOf(idle));
        using var gone = await SendAsync(HttpMethod.Delete, $"{Deployments}/fetched");
        using var later = await worker.GetAsync(TrainedModels.ModelFileOf(deployed));

        Assert.Equal(new byte[] { 5, 6, 7 }, file);
        Assert.Equal((404, 200, 404), ((int)other.StatusCode, (int)gone.StatusCode, (int)later.StatusCode));
    }

    [Fact]
    public async Task The_usual_name_is_the_suffix_and_names_are_limited()
    {
        var (named, plain) = (await PlantAsync(model => model with { Suffix = "mood" }), await PlantAsync());

        var bySuffix = await DeployAsync(new { model = named });
        var byName = await DeployAsync(new { model = plain });
        await DeployAsync(new { model = plain, name = "third" });
        using var fourth = await PostAsync(new { model = plain, name = "fourth" });

        Assert.Equal(("mood", plain), (bySuffix.GetProperty("name").GetString(), byName.GetProperty("name").GetString()));
        Assert.Equal("too_many_deployments", (await LearningFixture.ErrorAsync(fourth, 400)).Code);
    }

    [Theory]
    [InlineData("""{"name":"a"}""", "missing_required_parameter", "model")]
    [InlineData("""{"model":""}""", "invalid_value", "model")]
    [InlineData("""{"model":"a","name":"Not a name"}""", "invalid_value", "name")]
    [InlineData("""{"model":"a","minimum":{"metric":"luck","value":0.5}}""", "invalid_value", "minimum.metric")]
    [InlineData("""{"model":"a","minimum":{"metric":"accuracy"}}""", "missing_required_parameter", "minimum.value")]
    [InlineData("""{"model":"a","minimum":{"metric":"accuracy","value":1.5}}""", "invalid_value", "minimum.value")]
    [InlineData("""{"model":"a","minimum":0.5}""", "invalid_type", "minimum")]
    [InlineData("""{"model":"a","threshold":0.5}""", "unknown_parameter", "threshold")]
    public async Task A_wrong_member_is_named(string body, string code, string param)
    {
        using var response = await SendAsync(HttpMethod.Post, Deployments, LearningFixture.Json(body));

        var error = await LearningFixture.ErrorAsync(response, 400);

        Assert.Equal((code, param), (error.Code, error.Param));
    }

    [Fact]
    public async Task Models_are_listed_in_pages_the_newest_first()
    {
        var names = new[] { await PlantAsync(), await PlantAsync(), await PlantAsync() };

        using var first = await SendAsync(HttpMethod.Get, $"{Models}?limit=2");
        var page = await LearningFixture.JsonAsync(first, 200);
        using var second = await SendAsync(HttpMethod.Get, $"{Models}?limit=2&after={names[1]}");
        var rest = await LearningFixture.JsonAsync(second, 200);

        Assert.Equal([names[2], names[1]], Ids(page));
        Assert.True(page.GetProperty("has_more").GetBoolean());
        Assert.Equal([names[0]], Ids(rest));
        Assert.Equal(
            (0.9, 0.95), (rest.GetProperty("data")[0].GetProperty("accuracy").GetDouble(),
                rest.GetProperty("data")[0].GetProperty("roc_auc").GetDouble()));
    }

    private static IEnumerable<string?> Ids(JsonElement page) =>
        page.GetProperty("data").EnumerateArray().Select(one => one.GetProperty("id").GetString());

    private static (string?, string?, string?) State(JsonElement deployment) => (
        deployment.GetProperty("status").GetString(), deployment.GetProperty("model").GetString(),
        deployment.GetProperty("next_model").GetString());

    private async Task<string> PlantAsync(Func<PlantedModel, PlantedModel>? change = null)
    {
        var model = new PlantedModel { Name = $"ft-lstm-{Guid.NewGuid().ToString("N")[..12]}" };
        await (change?.Invoke(model) ?? model).AddAsync(learning.App, _caller);
        return model.Name;
    }

    private async Task<JsonElement> DeployAsync(object body)
    {
        using var response = await PostAsync(body);
        return await LearningFixture.JsonAsync(response, 200);
    }

    private Task<HttpResponseMessage> PostAsync(object body, FileCaller? caller = null) =>
        SendAsync(HttpMethod.Post, Deployments, JsonContent.Create(body), caller);

    private Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, HttpContent? content = null, FileCaller? caller = null) =>
        learning.SendAsync(caller ?? _caller, method, path, content, _http);

    private async Task<JsonElement> UntilReadyAsync(string name)
    {
        JsonElement? ready = null;
        await Until.TrueAsync(
            async () =>
            {
                using var response = await SendAsync(HttpMethod.Get, $"{Deployments}/{name}");
                ready = await LearningFixture.JsonAsync(response, 200);
                return ready.Value.GetProperty("status").GetString() == "ready";
            },
            $"{name} is ready");
        return ready!.Value;
    }

    private async Task<DeploymentSnapshot> FeedAsync(Func<DeploymentSnapshot, bool> condition) => await Until.ValueAsync(
        async () => await _http.GetFromJsonAsync(DeploymentSnapshot.Path, ContractsJson.Default.DeploymentSnapshot) is { } feed
            && condition(feed) ? feed : null,
        "the feed");
}
