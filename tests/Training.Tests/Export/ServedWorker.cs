using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Tollgate.Contracts.Workers;
using Tollgate.Inference;
using Tollgate.Inference.Import;
using Tollgate.Inference.Tasks;
using Tollgate.Inference.Tests.Endpoints;
using Tollgate.ServiceDefaults.Hosting;
using Tollgate.Testing;

namespace Tollgate.Training.Tests.Export;

/// <summary>A real worker on a real socket that takes trained models through the ordinary importer.</summary>
public sealed class ServedWorker : IAsyncLifetime
{
    private readonly string _repository = TestFolder.Create("repository");
    private WebApplication? _app;
    private HttpClient? _gateway;

    public async Task InitializeAsync()
    {
        _app = InferenceApp.Create(WorkerFixture.Arguments(_repository, TestFolder.Create("worker")));
        await _app.StartAsync();
        _gateway = WorkerFixture.Client(_app.Url(ListenerKind.Internal));
    }

    public async Task DisposeAsync()
    {
        _gateway!.Dispose();
        await _app!.StopAsync();
        await _app.DisposeAsync();
    }

    /// <summary>Imports a folder and waits until it is served.</summary>
    /// <returns>The manifest's section of classification.</returns>
    public async Task ImportAsync(string folder, string name)
    {
        await ModelImport.RunAsync(folder, name, _repository, new ModelImportOptions(), null, default);
        await WorkerFixture.WaitForModelAsync(_gateway!, name);
    }

    /// <summary>What the worker answers for texts: the scores by label of each.</summary>
    public async Task<IReadOnlyList<Dictionary<string, double>>> ScoreAsync(string model, IReadOnlyList<string> texts) =>
    [
        .. (await ClassifyAsync(model, texts)).Select(row => row["scores"]!.AsArray().ToDictionary(
            score => (string)score!["label"]!, score => (double)score!["score"]!, StringComparer.Ordinal)),
    ];

    /// <summary>What the worker answers for texts: an object of each, with all scores.</summary>
    /// <param name="explain">The request's member.</param>
    public async Task<JsonNode[]> ClassifyAsync(string model, IReadOnlyList<string> texts, JsonNode? explain = null)
    {
        var body = new JsonObject
        {
            ["model"] = model, ["input"] = new JsonArray([.. texts.Select(text => (JsonNode)text)]), ["return_all_scores"] = true,
            ["explain"] = explain,
        };
        using var message = new HttpRequestMessage(HttpMethod.Post, "/v1/classifications")
        {
            Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json"),
        };
        message.Headers.Add(WorkerHeaders.RequestId, Guid.NewGuid().ToString("N"));
        message.Headers.Add(WorkerHeaders.Attempt, "1");
        message.Headers.Add(WorkerHeaders.Organization, Guid.Empty.ToString("N"));
        using var response = await _gateway!.SendAsync(message);
        var answer = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, answer);
        return [.. JsonNode.Parse(answer)!["data"]!.AsArray().Select(row => row!)];
    }
}
