using System.Text.Json;
using System.Text.RegularExpressions;
using Tollgate.EndToEnd.Tests.Clients;
using Tollgate.EndToEnd.Tests.Running;
using Tollgate.Testing;

namespace Tollgate.EndToEnd.Tests.Scenarios;

/// <summary>Answers equal references that other programs computed from the same weights, asked through the public API.</summary>
[Collection(SharedTollgate.Name)]
public sealed partial class ReferenceTests(SharedTollgate shared)
{
    [Fact]
    public async Task Tiny_assistant_gives_every_reference_answer()
    {
        using var client = shared.Running.Client();
        var cases = Read(Path.Combine(SharedFiles.Repository, "models", "tiny-assistant", "reference.json")).GetProperty("cases");

        foreach (var reference in cases.EnumerateArray())
        {
            var prompt = reference.GetProperty("prompt").GetString()!;
            var answer = prompt.StartsWith("<|im_start|>", StringComparison.Ordinal)
                ? await client.PostAsync(
                    Prompts.Chat, new { model = "tiny-assistant", messages = Messages(prompt), temperature = 0, max_tokens = 200 })
                : await client.PostAsync(Prompts.Completions, new { model = "tiny-assistant", prompt, temperature = 0, max_tokens = 200 });

            Assert.Equal(reference.GetProperty("text").GetString(), answer.Text);
            Assert.Equal(reference.GetProperty("prompt_ids").GetArrayLength(), answer.Usage.Prompt);
            Assert.Equal(reference.GetProperty("output_ids").GetArrayLength(), answer.Usage.Completion);
            Assert.Equal("stop", answer.Json.GetProperty("choices")[0].GetProperty("finish_reason").GetString());
        }
    }

    [Fact]
    public async Task Tiny_embed_gives_its_reference_vectors()
    {
        var reference = Read(Path.Combine(SharedFiles.Repository, "models", "tiny-embed", "reference.json"));
        var texts = reference.GetProperty("texts").EnumerateArray().Select(text => text.GetString()!).ToArray();

        var vectors = await EmbedAsync("tiny-embed", texts);

        AssertStartsAlike(reference.GetProperty("first8").EnumerateArray(), vectors);
    }

    [SharedFact("models/smollm2-135m-instruct")]
    public async Task Smollm2_imported_while_running_gives_its_reference_chats()
    {
        const string name = "smollm2-135m-instruct";
        await ImportAsync($"models/{name}/SmolLM2-135M-Instruct.Q4_1.gguf", name, "--price-in", "0.1", "--price-out", "0.2");
        using var client = shared.Running.Client();

        foreach (var reference in Read(SharedFiles.At("models/reference/smollm2.json")).GetProperty("chat").EnumerateArray())
        {
            var answer = await client.PostAsync(
                Prompts.Chat,
                new { model = name, messages = reference.GetProperty("messages"), temperature = 0, max_tokens = 64, logprobs = true });
            var tokens = answer.Json.GetProperty("choices")[0].GetProperty("logprobs").GetProperty("content").GetArrayLength();

            // So all tokens are certain.
            Assert.True(reference.GetProperty("margins").EnumerateArray().All(margin => margin.GetDouble() >= 0.05));
            Assert.Equal(reference.GetProperty("text").GetString(), answer.Text);
            Assert.Equal(reference.GetProperty("output_ids").GetArrayLength(), tokens);
            Assert.Equal(reference.GetProperty("prompt_ids").GetArrayLength(), answer.Usage.Prompt);
            Assert.True((await shared.Running.Books.OneAsync(answer.RequestId)).Amount > 0);
        }
    }

    [SharedFact("models/all-minilm-l6-v2")]
    public async Task Minilm_imported_while_running_gives_its_reference_vectors()
    {
        const string name = "all-minilm-l6-v2";
        await ImportAsync(
            $"models/{name}/model.onnx", name, "--tokenizer", SharedFiles.At($"models/{name}/tokenizer.json"), "--price-in", "0.02");
        var reference = Read(SharedFiles.At("models/reference/minilm.json"));
        var rows = reference.GetProperty("rows").EnumerateArray().ToList();

        var vectors = await EmbedAsync(name, [.. rows.Select(row => row.GetProperty("text").GetString()!)]);

        AssertStartsAlike(rows.Select(row => row.GetProperty("first8")), vectors);
        var cosines = reference.GetProperty("cosines").EnumerateArray().Select(Numbers).ToList();
        for (var i = 0; i < vectors.Count; i++)
        {
            for (var j = 0; j < vectors.Count; j++)
            {
                Assert.Equal(cosines[i][j], vectors[i].Zip(vectors[j], (a, b) => a * b).Sum(), 1.5e-4); // The reference has four decimals.
            }
        }
    }

    private async Task ImportAsync(string file, string name, params string[] options)
    {
        (await shared.Running.Commands.RunAsync(["models", "import", SharedFiles.At(file), "--name", name, .. options])).Succeeded();
        using var client = shared.Running.Client();
        await Until.TrueAsync(
            async () => (await client.GetAsync($"/v1/models/{name}")).Status == System.Net.HttpStatusCode.OK, $"{name} is listed",
            TimeSpan.FromSeconds(30));
    }

    private async Task<List<double[]>> EmbedAsync(string model, string[] input)
    {
        using var client = shared.Running.Client();
        var answer = await client.PostAsync(Prompts.Embeddings, new { model, input });
        Assert.True(answer.Status == System.Net.HttpStatusCode.OK, answer.Body);
        return [.. answer.Json.GetProperty("data").EnumerateArray().Select(item => Numbers(item.GetProperty("embedding")))];
    }

    private static void AssertStartsAlike(IEnumerable<JsonElement> expected, List<double[]> vectors)
    {
        var starts = expected.Select(Numbers).ToList();
        Assert.Equal(starts.Count, vectors.Count);
        for (var i = 0; i < starts.Count; i++)
        {
            Assert.All(starts[i].Zip(vectors[i]), pair => Assert.Equal(pair.First, pair.Second, 1e-4));
        }
    }

    private static double[] Numbers(JsonElement array) => [.. array.EnumerateArray().Select(x => x.GetDouble())];

    private static JsonElement Read(string path) => JsonElement.Parse(File.ReadAllText(path));

    /// <summary>Takes a ChatML prompt apart into the messages whose template gives it.</summary>
    private static object[] Messages(string prompt) =>
        [.. Turn().Matches(prompt).Select(turn => new { role = turn.Groups[1].Value, content = turn.Groups[2].Value })];

    [GeneratedRegex(@"<\|im_start\|>(\w+)\n(.*?)<\|im_end\|>\n", RegexOptions.Singleline)]
    private static partial Regex Turn();
}
