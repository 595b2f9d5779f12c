using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Contracts.Keys;
using Tollgate.Contracts.Learning;
using Tollgate.Contracts.Money;
using Tollgate.Gateway.Catalogue;
using Tollgate.Gateway.Tests.Harness;
using Tollgate.Inference;
using Tollgate.Learning;
using Tollgate.Learning.Callers;
using Tollgate.Learning.Tests.Deployments;
using Tollgate.LocalServers;
using Tollgate.ServiceDefaults.Hosting;
using Tollgate.Testing;

namespace Tollgate.Gateway.Tests.Deployments;

/// <summary>A real gateway, a real Learning on a real Postgres, and a real worker that follows it.</summary>
public sealed class DeploymentFixture : IAsyncLifetime
{
    private const string Deployments = "/v1/fine_tuning/deployments";
    private GatewayUnderTest? _gateway;
    private WebApplication? _worker;

    /// <summary>The price of models that are trained from nothing.</summary>
    internal static ModelPrice Rule { get; } = new(
        TrainedModels.PriceOf(TrainedModels.FromNothing), new Guid("0195aaaa-0000-7000-8000-0000000000f1"), DateTimeOffset.UnixEpoch, null,
        new(30_000, 0, 0, 0, 0, 0));

    internal GatewayUnderTest Gateway => _gateway ?? throw new InvalidOperationException("Not started.");

    public WebApplication Learning { get; private set; } = null!;

    public HttpClient LearningHttp { get; private set; } = null!;

    /// <summary>The worker's repository.</summary>
    public string Repository { get; } = TestFolder.Create("repository");

    public async Task InitializeAsync()
    {
        var connection = await PostgresServer.CreateDatabaseAsync(
            "learning", text => LearningApp.MigrateAsync([$"--Postgres:ConnectionString={text}"], CancellationToken.None));
        var door = $"http://127.0.0.1:{FreePort.Next()}";
        Learning = LearningApp.Create(
        [
            "--Listen:Internal=http://127.0.0.1:0", TestBearers.Argument("learning"), $"--Postgres:ConnectionString={connection}",
            $"--Storage:Folder={TestFolder.Create("files")}", $"--Sealing:MasterKeys=k1:{new string('a', 64)}",
            $"--Services:gateway={door}", "--Batches:Batches=0", "--Deployments:ReadyWait=00:03:00", "--Deployments:LookEvery=00:00:00.050",
        ]);
        await Learning.StartAsync();
        var learning = Learning.Url(ListenerKind.Internal);
        LearningHttp = new HttpClient
        {
            BaseAddress = new Uri(learning), Timeout = TimeSpan.FromMinutes(4),
            DefaultRequestHeaders = { Authorization = TestBearers.Header("gateway", "learning") },
        };
        _worker = InferenceApp.Create(
        [
            "--Listen:Internal=http://127.0.0.1:0", TestBearers.Argument("inference"), "--Worker:Id=trained",
            $"--Worker:DataDirectory={TestFolder.Create("worker")}", $"--Models:Directory={Repository}",
            "--Models:ScanInterval=00:00:00.050", "--Execution:Provider=cpu", $"--Services:learning={learning}",
        ]);
        await _worker.StartAsync();
        _gateway = await GatewayUnderTest.StartAsync(
            1, $"--Services:learning={learning}", $"--Listen:Internal={door}",
            $"--Routing:Workers:1={_worker.Url(ListenerKind.Internal)}");
        _gateway.Plane.Prices.Publish(new PriceSnapshot([Rule]));
        var prices = _gateway.App.Services.GetRequiredService<PriceCatalogue>();
        await Until.TrueAsync(() => prices.Knows(Rule.Model), "the price of trained models");
    }

    public async Task DisposeAsync()
    {
        await Gateway.DisposeAsync();
        await _worker!.StopAsync();
        await _worker.DisposeAsync();
        LearningHttp.Dispose();
        await Learning.StopAsync();
        await Learning.DisposeAsync();
    }

    /// <summary>A key of a project of its own, without limits.</summary>
    internal Task<TestKey> CreateKeyAsync(Func<KeyRecord, KeyRecord>? change = null) => Gateway.CreateKeyAsync(
        key => (change?.Invoke(key) ?? key) with { Limits = Limits.None });

    /// <summary>A trained model of the key's project.</summary>
    /// <param name="good">Its label of good texts.</param>
    /// <returns>Its name.</returns>
    internal async Task<string> TrainAsync(TestKey key, string good = "good", string baseModel = TrainedModels.FromNothing)
    {
        var name = $"ft-{baseModel}-{Guid.NewGuid().ToString("N")[..12]}";
        var model = new PlantedModel { Name = name, BaseModel = baseModel, Tar = await SmallClassifier.TarAsync(good) };
        await model.AddAsync(Learning, CallerOf(key));
        return name;
    }

    /// <summary>Deploys as the gateway relays it, and waits until the gateway knows the name.</summary>
    internal async Task<JsonElement> DeployAsync(TestKey key, string model, string name)
    {
        var answer = await SendAsync(key, HttpMethod.Post, Deployments, JsonContent.Create(new { model, name }));
        var deployments = Gateway.App.Services.GetRequiredService<DeploymentCatalogue>();
        await Until.TrueAsync(
            () => deployments.NamesOf(new(key.Record.OrganizationId, key.Record.ProjectId)).Any(
                one => one.Name == name && one.Model == model),
            "the gateway knows the name");
        return answer;
    }

    internal Task<JsonElement> RollBackAsync(TestKey key, string name) =>
        SendAsync(key, HttpMethod.Post, $"{Deployments}/{name}/rollback");

    internal Task<JsonElement> DeleteAsync(TestKey key, string name) => SendAsync(key, HttpMethod.Delete, $"{Deployments}/{name}");

    /// <summary>Asks for the label of a good text; the label, or the code of the error.</summary>
    internal async Task<(int Status, string? Answer, string RequestId)> ClassifyAsync(TestKey key, string model)
    {
        using var response = await Gateway.PostAsync(
            key, "/v1/classifications", $$"""{"model":"{{model}}","input":"The film and the song were lovely"}""");
        var body = JsonElement.Parse(await response.Content.ReadAsStringAsync());
        var answer = response.IsSuccessStatusCode
            ? body.GetProperty("data")[0].GetProperty("label").GetString() : body.GetProperty("error").GetProperty("code").GetString();
        return ((int)response.StatusCode, answer, response.Headers.GetValues("x-request-id").Single());
    }

    private async Task<JsonElement> SendAsync(TestKey key, HttpMethod method, string path, HttpContent? content = null)
    {
        var caller = CallerOf(key);
        using var response = await LearningHttp.SendAsync(new HttpRequestMessage(method, path)
        {
            Content = content,
            Headers =
            {
                { LearningHeaders.Organization, caller.OrganizationId.ToString("N") },
                { LearningHeaders.Project, caller.ProjectId.ToString("N") },
                { LearningHeaders.Key, caller.KeyId.ToString("N") },
            },
        });
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, text);
        return JsonElement.Parse(text);
    }

    private static FileCaller CallerOf(TestKey key) => new(key.Record.OrganizationId, key.Record.ProjectId, key.Record.KeyId);
}
