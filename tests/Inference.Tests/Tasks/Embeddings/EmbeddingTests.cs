using System.Net;
using System.Text.Json.Nodes;
using Tollgate.Contracts.Metering;
using Tollgate.Inference.Tests.Endpoints;
using Tollgate.Inference.Tests.Models;

namespace Tollgate.Inference.Tests.Tasks.Embeddings;

[Collection(nameof(WorkerFixture))]
public sealed class EmbeddingTests(WorkerFixture worker)
{
    [Fact]
    public async Task Vectors_come_in_the_order_of_the_inputs_and_equal_the_reference()
    {
        var reference = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(ModelFiles.Defaults, "tiny-embed", "reference.json")))!;
        var texts = reference["texts"]!.AsArray();
        var body = new JsonObject
        {
            ["model"] = "tiny-embed",
            ["input"] = texts.DeepClone(),
            ["encoding_format"] = "float",
        };

        using var response = await worker.PostAsync("/v1/embeddings", body);
        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;

        for (var i = 0; i < texts.Count; i++)
        {
            Assert.Equal(i, (int)answer["data"]![i]!["index"]!);
            var vector = answer["data"]![i]!["embedding"]!.AsArray().Select(value => (float)value!).ToArray();
            var expected = reference["first8"]![i]!.AsArray().Select(value => (float)value!).ToArray();
            Assert.All(expected.Zip(vector), pair => Assert.Equal(pair.First, pair.Second, 1e-4f));
        }

        var tokens = (long)answer["usage"]!["prompt_tokens"]!;
        Assert.Equal(tokens, (long)answer["usage"]!["total_tokens"]!);
        Assert.Equal(new Units(tokens).ToString(), response.Headers.GetValues(Units.Header).Single());
    }

    [Fact]
    public async Task Base64_holds_the_same_numbers_as_float()
    {
        var body = new JsonObject { ["model"] = "tiny-embed", ["input"] = "a small cat" };
        using var plain = await worker.PostAsync("/v1/embeddings", body);
        body["encoding_format"] = "base64";
        using var packed = await worker.PostAsync("/v1/embeddings", body);

        var numbers = JsonNode.Parse(await plain.Content.ReadAsStringAsync())!["data"]![0]!["embedding"]!.AsArray(
            ).Select(value => (float)value!).ToArray();
        var bytes = Convert.FromBase64String((string)JsonNode.Parse(await packed.Content.ReadAsStringAsync())!["data"]![0]!["embedding"]!);

        Assert.Equal(numbers, Enumerable.Range(0, bytes.Length / 4).Select(i => BitConverter.ToSingle(bytes, i * 4)));
    }

    [Fact]
    public async Task Another_width_than_the_model_has_is_refused_by_name()
    {
        var body = new JsonObject { ["model"] = "tiny-embed", ["input"] = "x", ["dimensions"] = 128 };

        using var response = await worker.PostAsync("/v1/embeddings", body);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains("256", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/v1/embeddings", """{"model":"tiny-assistant","input":"x"}""")]
    [InlineData("/v1/chat/completions", """{"model":"tiny-embed","messages":[{"role":"user","content":"Hi"}]}""")]
    [InlineData("/v1/completions", """{"model":"tiny-embed","prompt":"x"}""")]
    public async Task A_model_of_another_task_is_not_found(string path, string body)
    {
        using var response = await worker.PostAsync(path, JsonNode.Parse(body)!);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Contains("model_not_found", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }
}
