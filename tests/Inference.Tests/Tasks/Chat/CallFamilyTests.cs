using System.Text.Json.Nodes;
using Tollgate.Inference.Import;
using Tollgate.Inference.Tests.Endpoints;
using Tollgate.Inference.Tests.Gguf;
using Tollgate.Inference.Tests.Models;
using Tollgate.Inference.Tests.Prompts;

namespace Tollgate.Inference.Tests.Tasks.Chat;

/// <summary>Answers that must be calls, in the syntax of each family, by a model that was trained on none of them but one.</summary>
[Collection(nameof(WorkerFixture))]
public sealed class CallFamilyTests(WorkerFixture worker)
{
    private const string Path = "/v1/chat/completions";

    private const string Tools =
        """
        [{"type":"function","function":{"name":"get_weather","description":"d","parameters":{"type":"object",
          "properties":{"city":{"type":"string","maxLength":12}},"required":["city"],"additionalProperties":false},"strict":true}},
         {"type":"function","function":{"name":"ping"}}]
        """;

    [Theory]
    [InlineData("Qwen")]
    [InlineData("Hermes")]
    [InlineData("FlatLlama")]
    [InlineData("Mistral")]
    [InlineData("NamedMistral")]
    [InlineData("Plain")]
    public async Task A_required_call_is_whole_in_every_family(string template)
    {
        var model = await InstallAsync(template);
        for (var seed = 0; seed < 6; seed++)
        {
            var body = Body(model, seed);
            body["tool_choice"] = "required";
            body["parallel_tool_calls"] = seed % 2 == 0;

            var choice = await AnswerAsync(body);

            var calls = choice["message"]!["tool_calls"]!.AsArray();
            Assert.True(calls.Count > 0, choice.ToJsonString());
            Assert.True(seed % 2 == 0 || calls.Count == 1, choice.ToJsonString());
            Assert.Null(choice["message"]!["content"]);
            if (seed % 2 == 1)
            {
                Assert.Equal("tool_calls", (string)choice["finish_reason"]!);
            }

            if ((string)choice["finish_reason"]! == "tool_calls")
            {
                Assert.All(calls, Check);
            }
        }
    }

    [Theory]
    [InlineData("Qwen")]
    [InlineData("FlatLlama")]
    [InlineData("Mistral")]
    [InlineData("NamedMistral")]
    [InlineData("Plain")]
    public async Task Where_the_model_chooses_it_says_text_or_makes_whole_calls(string template)
    {
        var model = await InstallAsync(template);
        for (var seed = 0; seed < 6; seed++)
        {
            var choice = await AnswerAsync(Body(model, seed));

            if ((string)choice["finish_reason"]! == "tool_calls")
            {
                Assert.All(choice["message"]!["tool_calls"]!.AsArray(), Check);
            }
            else
            {
                Assert.True(
                    choice["message"]!["tool_calls"] is null || (string)choice["finish_reason"]! == "length", choice.ToJsonString());
            }
        }
    }

    [Fact]
    public async Task A_call_is_made_behind_thinking_that_the_prompt_has_begun()
    {
        var model = await InstallAsync("thinker", ToolTemplates.Qwen.Replace(
            "{{- '<|im_start|>assistant\\n' }}\n{%- endif %}", "{{- '<|im_start|>assistant\\n<think>\\n' }}\n{%- endif %}",
            StringComparison.Ordinal));
        var body = Body(model, 3);
        (body["tool_choice"], body["parallel_tool_calls"]) = ("required", false);

        var choice = await AnswerAsync(body);

        Assert.Equal("tool_calls", (string)choice["finish_reason"]!);
        Assert.EndsWith("</think>", ((string)choice["message"]!["content"]!).TrimEnd(), StringComparison.Ordinal);
        Check(Assert.Single(choice["message"]!["tool_calls"]!.AsArray()));
    }

    private static void Check(JsonNode? call)
    {
        var arguments = JsonNode.Parse((string)call!["function"]!["arguments"]!)!.AsObject();
        switch ((string)call["function"]!["name"]!)
        {
            case "get_weather":
                Assert.InRange(((string)Assert.Single(arguments).Value!).EnumerateRunes().Count(), 0, 12);
                break;
            case var name:
                Assert.Equal("ping", name);
                Assert.Empty(arguments);
                break;
        }
    }

    private static JsonObject Body(string model, int seed) => new()
    {
        ["model"] = model, ["temperature"] = 1.3, ["seed"] = seed, ["max_tokens"] = 90, ["tools"] = JsonNode.Parse(Tools),
        ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = "Hi" }),
    };

    private async Task<JsonNode> AnswerAsync(JsonObject body)
    {
        using var response = await worker.PostAsync(Path, body);
        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
        Assert.True(response.IsSuccessStatusCode, answer.ToJsonString());
        return answer["choices"]![0]!;
    }

    private Task<string> InstallAsync(string name) => InstallAsync(name, ToolTemplates.Get(name));

    private async Task<string> InstallAsync(string name, string template)
    {
        var model = $"calls-{name.ToLowerInvariant()}";
        if ((await WorkerFixture.StatusAsync(worker.Gateway)).Models.Any(known => known.Card.Name == model))
        {
            return model;
        }

        using var folder = new TemporaryFolder();
        await ModelImport.RunAsync(
            await GgufEdit.WriteAsync(folder, ("tokenizer.chat_template", template)), model, worker.Repository, new(), progress: null,
            CancellationToken.None);
        await WorkerFixture.WaitForModelAsync(worker.Gateway, model);
        return model;
    }
}
