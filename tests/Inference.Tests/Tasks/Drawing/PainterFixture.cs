using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Tollgate.Contracts.Workers;
using Tollgate.Inference.Import;
using Tollgate.Inference.Tests.Diffusion;
using Tollgate.Inference.Tests.Endpoints;
using Tollgate.ServiceDefaults.Hosting;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Tasks.Drawing;

/// <summary>A worker that draws with tiny-painter, six steps unless a request names others.</summary>
public sealed class PainterFixture : IAsyncLifetime
{
    private readonly string _repository = TestFolder.Create("repository");
    private WebApplication? _app;

    public HttpClient Gateway { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        await ModelImport.RunAsync(
            PainterFiles.Root, "tiny-painter", _repository, new() { Steps = 6, Guidance = 3 }, progress: null, CancellationToken.None);
        _app = InferenceApp.Create(WorkerFixture.Arguments(
            _repository, TestFolder.Create("worker"), "--Drawing:MaxSteps=400", "--Generation:QueueTimeout=00:10:00"));
        await _app.StartAsync();
        Gateway = WorkerFixture.Client(_app.Url(ListenerKind.Internal));
        Gateway.Timeout = TimeSpan.FromMinutes(10); // Drawing takes processors that other tests use too.
        await WorkerFixture.WaitForModelAsync(Gateway, "tiny-painter");
    }

    public async Task DisposeAsync()
    {
        Gateway.Dispose();
        await _app!.StopAsync();
        await _app.DisposeAsync();
    }

    /// <summary>A body with a prompt and further members.</summary>
    public static JsonObject Body(params (string Name, JsonNode? Value)[] members)
    {
        var body = new JsonObject { ["model"] = "tiny-painter", ["prompt"] = "a red house on green grass" };
        foreach (var (name, value) in members)
        {
            body[name] = value;
        }

        return body;
    }

    public async Task<HttpResponseMessage> PostAsync(
        JsonObject body, Guid? request = null, Guid? organization = null, string? bound = null,
        HttpCompletionOption completion = HttpCompletionOption.ResponseContentRead)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, "/v1/images/generations")
        {
            Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json"),
        };
        message.Headers.Add(WorkerHeaders.RequestId, (request ?? Guid.NewGuid()).ToString("N"));
        message.Headers.Add(WorkerHeaders.Organization, (organization ?? Guid.Empty).ToString("N"));
        if (bound is not null)
        {
            message.Headers.Add(WorkerHeaders.Bound, bound);
        }

        return await Gateway.SendAsync(message, completion);
    }

    /// <summary>The answer of a request that must succeed.</summary>
    public async Task<JsonNode> DrawAsync(params (string Name, JsonNode? Value)[] members)
    {
        using var response = await PostAsync(Body(members));
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, text);
        return JsonNode.Parse(text)!;
    }

    /// <summary>The files of an answer.</summary>
    public static byte[][] Files(JsonNode answer) =>
        [.. answer["data"]!.AsArray().Select(picture => Convert.FromBase64String((string)picture!["b64_json"]!))];
}
