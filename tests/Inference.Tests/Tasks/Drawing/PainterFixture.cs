using System.Text.Json.Nodes;
using Tollgate.Inference.Import;
using Tollgate.Inference.Tests.Diffusion;
using Tollgate.Inference.Tests.Endpoints;

namespace Tollgate.Inference.Tests.Tasks.Drawing;

/// <summary>A worker that draws with tiny-painter, six steps unless a request names others.</summary>
public sealed class PainterFixture() : ImportedWorker("--Drawing:MaxSteps=400", "--Generation:QueueTimeout=00:10:00")
{
    /// <summary>Drawing takes processors that other tests use too.</summary>
    protected override TimeSpan Patience => TimeSpan.FromMinutes(10);

    protected override async Task<IReadOnlyList<string>> ImportAsync()
    {
        await ModelImport.RunAsync(
            PainterFiles.Root, "tiny-painter", Repository, new() { Steps = 6, Guidance = 3 }, progress: null, CancellationToken.None);
        return ["tiny-painter"];
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

    public Task<HttpResponseMessage> PostAsync(
        JsonObject body, Guid? request = null, Guid? organization = null, string? bound = null,
        HttpCompletionOption completion = HttpCompletionOption.ResponseContentRead) =>
        SendAsync("/v1/images/generations", body, request, bound, organization, completion);

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
