using System.Net.Http.Headers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json.Nodes;
using Tollgate.Inference.Import;
using Tollgate.Inference.Tasks;
using Tollgate.Inference.Tests.Endpoints;
using Tollgate.Inference.Tests.Models;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Tasks.Tensors;

/// <summary>A model of other people, through tensors.</summary>
public sealed class RealModelTests
{
    private const string EfficientNet = "models/efficientnet-lite0";

    [SharedFact(EfficientNet)]
    public async Task A_picture_classifier_gives_the_numbers_of_ONNX_Runtime_in_Node()
    {
        var model = Path.Combine(SharedFiles.At(EfficientNet), "model.onnx");
        await using var worker = new EfficientNetWorker(model);
        await worker.InitializeAsync();
        int[] shape = [2, .. worker.Shape.Skip(1)];
        var pixels = Enumerable.Range(0, shape.Aggregate(1, (product, length) => product * length))
            .Select(i => ((i * 7919) % 2001 / 1000f) - 1).ToArray();
        var bytes = MemoryMarshal.AsBytes<float>(pixels).ToArray();
        var json = Encoding.UTF8.GetBytes(
            $$$"""
            {"model":"m","inputs":[{"name":"pixel_values","shape":[{{{string.Join(',', shape)}}}],"datatype":"FP32",
            "parameters":{"binary_data_size":{{{bytes.Length}}}}}],"parameters":{"binary_data_output":true}}
            """);
        using var content = new ByteArrayContent([.. json, .. bytes])
        {
            Headers = { ContentType = new MediaTypeHeaderValue("application/octet-stream") },
        };

        using var response = await worker.Gateway.PostAsync("/v2/infer", content);
        var expected = await NodeOracle.RunAsync("Tasks/Tensors/run.mjs", new JsonObject
        {
            ["model"] = model,
            ["input"] = new JsonObject
            {
                ["name"] = "pixel_values", ["shape"] = new JsonArray([.. shape.Select(length => (JsonNode)length)]),
                ["data"] = Convert.ToBase64String(bytes),
            },
        });

        var answer = await response.Content.ReadAsByteArrayAsync();
        var logits = MemoryMarshal.Cast<byte, float>(answer.AsSpan(answer.Length - (2 * 1000 * sizeof(float)))).ToArray();
        var reference = MemoryMarshal.Cast<byte, float>(Convert.FromBase64String((string)expected!)).ToArray();
        Assert.Equal(reference.Length, logits.Length);
        Assert.All(reference.Zip(logits), pair => Assert.Equal(pair.First, pair.Second, 1e-3f));
    }

    private sealed class EfficientNetWorker(string model) : ImportedWorker, IAsyncDisposable
    {
        public IReadOnlyList<int> Shape { get; private set; } = [];

        async ValueTask IAsyncDisposable.DisposeAsync() => await DisposeAsync();

        protected override async Task<IReadOnlyList<string>> ImportAsync()
        {
            var installed = await ModelImport.RunAsync(
                model, "m", Repository, new ModelImportOptions(), progress: null, CancellationToken.None);
            Assert.Equal("tensors", installed.Manifest.Task);
            Shape = [.. Inference.Tasks.Tensors.ModelTensors.Of(installed.Manifest)!.Inputs.Single().Shape.Select(length => (int)length)];
            return ["m"];
        }
    }
}
