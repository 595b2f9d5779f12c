using System.Net;
using System.Text.Json.Nodes;
using Tollgate.Inference.Import;
using Tollgate.Inference.Models;
using Tollgate.Inference.Tasks;
using Tollgate.Inference.Tests.Endpoints;
using Tollgate.Inference.Tests.Gguf;
using Tollgate.Inference.Tests.Models;

namespace Tollgate.Inference.Tests.Tasks.Chat;

/// <summary>Who is at fault when a chat cannot be rendered, and how a text of the older endpoint reaches a chat model.</summary>
[Collection(nameof(WorkerFixture))]
public sealed class TemplateTests(WorkerFixture worker)
{
    private const string Template =
        "{% for m in messages %}{% if m.role == 'system' and not loop.first %}{{ raise_exception('The system speaks first.') }}{% endif %}"
        // No probe of an import says both words in this order.
        + "{% if 'zebra' ~ 'quagga' in m.content %}{{ m.content.nothing.there }}{% endif %}"
        + "{{ '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}{% endfor %}{{ '<|im_start|>assistant\n' }}";

    [Fact]
    public async Task A_templates_refusal_blames_the_messages_and_its_failure_blames_the_server()
    {
        await InstallAsync("strict", new(), ("tokenizer.chat_template", Template));

        var (order, orderStatus) = await ChatAsync("strict", ("user", "Hi"), ("system", "Be brief."));
        var (failed, failedStatus) = await ChatAsync("strict", ("user", "a zebraquagga"));
        var (tooLong, longStatus) = await ChatAsync("strict", ("user", "zebraquagga " + string.Concat(Enumerable.Repeat("word ", 600))));
        var (_, fine) = await ChatAsync("strict", ("system", "Be brief."), ("user", "Hi"));

        Assert.Equal((HttpStatusCode.BadRequest, "messages"), (orderStatus, (string?)order["error"]!["param"]));
        Assert.Contains("The system speaks first.", (string)order["error"]!["message"]!, StringComparison.Ordinal);
        Assert.Equal((HttpStatusCode.InternalServerError, "template_failed"), (failedStatus, (string?)failed["error"]!["code"]));
        Assert.Equal((HttpStatusCode.BadRequest, "context_length_exceeded"), (longStatus, (string?)tooLong["error"]!["code"]));
        Assert.Equal(HttpStatusCode.OK, fine);
    }

    [Fact]
    public async Task A_developers_message_reads_like_the_systems()
    {
        var (system, _) = await ChatAsync("tiny-assistant", ("system", "You are a pirate. Answer in one word."), ("user", "Who are you?"));
        var (developer, _) = await ChatAsync(
            "tiny-assistant", ("developer", "You are a pirate. Answer in one word."), ("user", "Who are you?"));

        Assert.Equal((int)system["usage"]!["prompt_tokens"]!, (int)developer["usage"]!["prompt_tokens"]!);
        Assert.Equal((string)system["choices"]![0]!["message"]!["content"]!, (string)developer["choices"]![0]!["message"]!["content"]!);
    }

    [Fact]
    public async Task A_text_becomes_a_chat_where_the_manifest_says_so_and_ids_stay_as_they_are()
    {
        await InstallAsync("answers", new ModelImportOptions { Completions = ModelCompletions.Chat });
        var (chat, _) = await ChatAsync("answers", ("user", "What is the capital of France?"));

        var text = await CompleteAsync("answers", "What is the capital of France?");
        var echoed = await CompleteAsync("answers", "What is the capital of France?", ("echo", true));
        var ids = await CompleteAsync("answers", new JsonArray(5, 6, 7));

        Assert.Equal((string)chat["choices"]![0]!["message"]!["content"]!, (string)text["choices"]![0]!["text"]!);
        Assert.Equal((int)chat["usage"]!["prompt_tokens"]!, (int)text["usage"]!["prompt_tokens"]!); // As fed.
        Assert.StartsWith("What is the capital of France?", (string)echoed["choices"]![0]!["text"]!, StringComparison.Ordinal);
        Assert.Equal(3, (int)ids["usage"]!["prompt_tokens"]!);
    }

    [Fact]
    public async Task A_chat_with_a_model_that_has_no_template_is_refused_by_name()
    {
        await InstallAsync("base", new(), ("tokenizer.chat_template", null));

        var (answer, status) = await ChatAsync("base", ("user", "Hi"));

        Assert.Equal((HttpStatusCode.NotFound, "model"), (status, (string?)answer["error"]!["param"]));
    }

    /// <summary>Plain questions of newcomers, at the sampling of a request that names none.</summary>
    [Fact]
    public async Task No_plain_question_gets_an_empty_text()
    {
        string[] subjects =
        [
            "AI models as a service", "machine learning", "a neural network", "an API key", "a token", "the capital of France", "the sea",
            "cats", "a toll gate", "prompt engineering", "embeddings", "the weather",
        ];
        string[] questions =
            ["Tell me about {0}.", "What is {0}?", "Explain {0} to a child.", "Write a short poem about {0}.", "Why use {0}?"];
        var all = subjects
            .SelectMany(subject => questions.Select(question => question.Replace("{0}", subject, StringComparison.Ordinal)))
            .Append("Tell me about the benefits of using AI models as a service.").ToArray();

        var empty = new List<string>();
        foreach (var (question, seed) in all.Select((question, seed) => (question, seed)))
        {
            using var raw = await worker.PostAsync("/v1/completions", new JsonObject
            {
                ["model"] = "tiny-assistant", ["prompt"] = question, ["max_tokens"] = 4, ["seed"] = seed,
            });
            using var chat = await worker.PostAsync("/v1/chat/completions", new JsonObject
            {
                ["model"] = "tiny-assistant", ["max_tokens"] = 4, ["seed"] = seed,
                ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = question }),
            });
            var text = (string?)(await ReadAsync(raw))["choices"]![0]!["text"];
            var content = (string?)(await ReadAsync(chat))["choices"]![0]!["message"]!["content"];
            if (string.IsNullOrEmpty(text) || string.IsNullOrEmpty(content))
            {
                empty.Add(question);
            }
        }

        Assert.Empty(empty);
    }

    private async Task InstallAsync(string name, ModelImportOptions options, params (string Key, object? Value)[] edits)
    {
        using var folder = new TemporaryFolder();
        await ModelImport.RunAsync(
            await GgufEdit.WriteAsync(folder, edits), name, worker.Repository, options, progress: null, CancellationToken.None);
        await WorkerFixture.WaitForModelAsync(worker.Gateway, name);
    }

    private async Task<(JsonNode Answer, HttpStatusCode Status)> ChatAsync(string model, params (string Role, string Content)[] messages)
    {
        using var response = await worker.PostAsync("/v1/chat/completions", new JsonObject
        {
            ["model"] = model, ["temperature"] = 0, ["max_tokens"] = 24,
            ["messages"] = new JsonArray([.. messages.Select(m => new JsonObject { ["role"] = m.Role, ["content"] = m.Content })]),
        });
        return (await ReadAsync(response), response.StatusCode);
    }

    private async Task<JsonNode> CompleteAsync(string model, JsonNode prompt, params (string Name, JsonNode Value)[] members)
    {
        var body = new JsonObject { ["model"] = model, ["prompt"] = prompt, ["temperature"] = 0, ["max_tokens"] = 24 };
        foreach (var (name, value) in members)
        {
            body[name] = value;
        }

        using var response = await worker.PostAsync("/v1/completions", body);
        return await ReadAsync(response);
    }

    private static async Task<JsonNode> ReadAsync(HttpResponseMessage response) =>
        JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
}
