using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Contracts.Catalogue;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Money;
using Tollgate.Contracts.Tensors;
using Tollgate.Contracts.Workers;
using Tollgate.Gateway.Catalogue;
using Tollgate.Gateway.Tests.Calls;
using Tollgate.Gateway.Tests.Harness;
using Tollgate.Testing;

namespace Tollgate.Gateway.Tests.Endpoints;

/// <summary>Versions in the URLs of the Open Inference Protocol.</summary>
public sealed class TensorVersionTests
{
    private const string Model = "/v2/models/numbers";
    private const string Body = """{"inputs":[{"name":"x","shape":[1,3],"datatype":"FP32","data":[1,2,3]}]}""";

    [Fact]
    public async Task A_version_is_called_by_its_url_where_it_is_in_service()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var key = await gateway.CreateKeyAsync();
        await ShowAsync(gateway, ("1", ModelState.Ready), ("2", ModelState.Ready), ("3", ModelState.Broken), ("4", ModelState.Idle));
        gateway.Worker.Script = call => call.AnswerAsync("{}", new Units(0, Calls: 1, Elements: 5));

        foreach (var (path, version) in new[] { ("/versions/1/infer", "1"), ("/versions/4/infer", "4"), ("/infer", "2") })
        {
            using var response = await gateway.PostAsync(key, Model + path, Body);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.Equal(version, gateway.Worker.Calls.Last().HeaderOf(WorkerHeaders.Version));
            Assert.Equal([version], response.Headers.GetValues("x-tollgate-model-version"));
        }

        using var broken = await gateway.PostAsync(key, Model + "/versions/3/infer", Body);
        await ErrorTests.AssertErrorAsync(broken, 404, "version_not_found");
        Assert.Contains("\"versions\":[\"4\",\"2\",\"1\"]", await GetAsync(gateway, key, Model), StringComparison.Ordinal);
        Assert.Contains("\"ready\":true", await GetAsync(gateway, key, Model + "/versions/1/ready"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unloaded_model_is_not_ready_and_refuses_requests()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var key = await gateway.CreateKeyAsync();
        await ShowAsync(gateway, ("1", ModelState.Ready));
        gateway.Plane.Catalogue.Publish(new CatalogueSnapshot(new Dictionary<string, string>(), [])
        {
            Plans = [new ModelPlan("numbers", Unloaded: true, [])],
        });
        var catalogue = gateway.App.Services.GetRequiredService<AliasCatalogue>();
        await Until.TrueAsync(() => catalogue.PlanOf("numbers") is not null, "the gateway has the plan");

        using var refused = await gateway.PostAsync(key, Model + "/infer", Body);
        using var ready = new HttpRequestMessage(HttpMethod.Get, Model + "/ready") { Headers = { Authorization = key.Bearer } };
        using var notReady = await gateway.Http.SendAsync(ready);

        await ErrorTests.AssertErrorAsync(refused, 503, "model_unloaded");
        await ErrorTests.AssertErrorAsync(notReady, 400, "model_not_ready");
    }

    private static async Task<string> GetAsync(GatewayUnderTest gateway, TestKey key, string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { Authorization = key.Bearer } };
        using var response = await gateway.Http.SendAsync(request);
        return await response.Content.ReadAsStringAsync();
    }

    private static async Task ShowAsync(GatewayUnderTest gateway, params (string Version, ModelState State)[] versions)
    {
        gateway.Plane.Prices.Publish(new PriceSnapshot(
            [new ModelPrice("numbers", Guid.NewGuid(), DateTimeOffset.UnixEpoch, null, EveryTask.Price)]));
        gateway.Worker.Status = gateway.Worker.Status with
        {
            Models =
            [
                .. versions.Select(one => new ServedModel(Card(one.Version), one.State == ModelState.Ready, 0, 0, 4) { State = one.State }),
            ],
        };
        var prices = gateway.App.Services.GetRequiredService<PriceCatalogue>();
        await Until.TrueAsync(
            () => gateway.Pool.FindCard("numbers") is not null && prices.InForce("numbers", Guid.Empty) is not null, "the model is known");
    }

    private static ModelCard Card(string version) => new()
    {
        Name = "numbers",
        Version = version,
        Task = ModelTask.Tensors.Name,
        ContextLength = 512,
        DefaultMaxOutput = 64,
        Tensors = new TensorSignature(
            [new TensorSpec("x", "FP32", [-1, 3], ["rows", ""])], [new TensorSpec("y", "FP32", [-1, 2], ["rows", ""])], MostElements: 100),
        CreatedAt = DateTimeOffset.UnixEpoch,
    };
}
