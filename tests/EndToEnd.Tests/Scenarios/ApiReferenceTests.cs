using System.Text.Json;
using Tollgate.EndToEnd.Tests.Clients;
using Tollgate.EndToEnd.Tests.Portal;
using Tollgate.EndToEnd.Tests.Running;
using Tollgate.Testing;

namespace Tollgate.EndToEnd.Tests.Scenarios;

/// <summary>The API's document against a running system: its page in a real browser, and real answers against its schemas.</summary>
[Collection(SharedTollgate.Name)]
public sealed class ApiReferenceTests(SharedTollgate shared)
{
    [Fact]
    public async Task The_portal_leads_to_the_reference_which_asks_no_other_server()
    {
        await using var browser = await Browser.StartAsync();
        var reader = await browser.VisitAsync(shared.Running.Endpoints.Portal, "reference");

        var read = await reader.ReadReferenceAsync();

        Assert.Equal("/docs/", read.Address.AbsolutePath);
        Assert.All(
            ["Answer a conversation", "Continue a text", "Turn texts into vectors", "Label texts", "Find harmful text", "List models",
                "Show a model"],
            operation => Assert.Contains(operation, read.Text, StringComparison.Ordinal));
        Assert.Equal([new Uri(shared.Running.Endpoints.Api).Authority], read.AskedServers);
        Assert.Equal("", string.Join('\n', read.Complaints));
    }

    [Fact]
    public async Task Real_answers_fit_the_documents_schemas()
    {
        using var client = shared.Running.Client();
        var schemas = new BodySchemas((await client.GetAsync("/openapi/v1.json")).Body);
        var chat = new { model = "tiny-assistant", messages = Question, max_tokens = 4, logprobs = true, top_logprobs = 2 };
        var base64 = new { model = "tiny-embed", input = "a", encoding_format = "base64" };
        var scored = new { model = "tiny-sentiment", input = new[] { "a", "b" }, return_all_scores = true };
        var ranked = new { model = "tiny-embed", query = "a", documents = new[] { "b", "c" }, top_n = 1 };
        var completion = new { model = "tiny-assistant", prompt = "Once", max_tokens = 4, logprobs = 2 };
        (string Schema, JsonElement Body)[] answers =
        [
            ("ChatCompletion", (await client.PostAsync(Prompts.Chat, Prompts.France())).Json),
            ("ChatCompletion", (await client.PostAsync(Prompts.Chat, chat)).Json),
            ("Completion", (await client.PostAsync(Prompts.Completions, completion)).Json),
            ("Completion", (await client.PostAsync("/v1/engines/tiny-assistant/completions", new { prompt = "Once" })).Json),
            ("EmbeddingList", (await client.PostAsync(Prompts.Embeddings, new { model = "tiny-embed", input = "a" })).Json),
            ("EmbeddingList", (await client.PostAsync(Prompts.Embeddings, base64)).Json),
            ("ClassificationList", (await client.PostAsync("/v1/classifications", new { model = "tiny-sentiment", input = "a" })).Json),
            ("ClassificationList", (await client.PostAsync("/v1/classifications", scored)).Json),
            ("Prediction", (await client.PostAsync("/predict", new { data = "a" })).Json),
            ("Prediction", (await client.PostAsync("/predict", new { data = new[] { "a", "b" } })).Json),
            ("RerankResults", (await client.PostAsync("/v1/rerank", ranked)).Json),
            ("ImageList", (await client.PostAsync("/v1/images/generations", new { model = "tiny-painter", prompt = "a tree" })).Json),
            ("ModelList", (await client.GetAsync("/v1/models")).Json),
            ("ListedModelObject", (await client.GetAsync("/v1/models/tiny-assistant")).Json),
            ("ErrorBody", (await client.GetAsync("/v1/models/no-such-model")).Json),
            ("ErrorBody", (await client.PostAsync(Prompts.Chat, new { model = "tiny-assistant" })).Json),
        ];

        Assert.Equal("", string.Concat(answers.Select(answer => schemas.Faults(answer.Schema, answer.Body))));
    }

    [SharedFact(ImportedModels.WhisperFolder)]
    public async Task Real_answers_of_imported_models_fit_the_documents_schemas()
    {
        using var client = shared.Running.Client();
        var schemas = new BodySchemas((await client.GetAsync("/openapi/v1.json")).Body);
        var (guard, whisper, classifier) = (
            await shared.Models.GuardAsync(), await shared.Models.WhisperAsync(), await shared.Models.ClassifierAsync());
        var image = $"data:image/gif;base64,{Convert.ToBase64String(PictureBytes.Gif)}";
        (string Schema, JsonElement Body)[] answers =
        [
            ("ModerationAnswer", (await client.PostAsync("/v1/moderations", new { model = guard, input = "a" })).Json),
            ("ImageClassificationList", (await client.PostAsync("/v1/images/classifications", new { model = classifier, image })).Json),
            ("TranscriptionObject", (await HearAsync(("include[]", "logprobs"))).Json),
            ("TranscriptionObject", (await HearAsync(("response_format", "verbose_json"))).Json),
        ];

        Assert.Equal("", string.Concat(answers.Select(answer => schemas.Faults(answer.Schema, answer.Body))));

        Task<ApiAnswer> HearAsync((string Name, string Value) field) => client.SendAsync(
            HttpMethod.Post, "/v1/audio/transcriptions",
            new MultipartFormDataContent
            {
                { new StringContent(whisper), "model" }, { new StringContent(field.Value), field.Name },
                { new ByteArrayContent(File.ReadAllBytes(SharedFiles.At(Recordings.Jfk))), "file", "jfk.wav" },
            });
    }

    [Theory]
    [InlineData(Prompts.Chat, "ChatCompletionChunk")]
    [InlineData(Prompts.Completions, "CompletionChunk")]
    public async Task Real_chunks_fit_the_documents_schemas(string path, string schema)
    {
        using var client = shared.Running.Client();
        var schemas = new BodySchemas((await client.GetAsync("/openapi/v1.json")).Body);
        var usage = new { include_usage = true };
        object request = path == Prompts.Chat
            ? new { model = "tiny-assistant", messages = Question, max_tokens = 4, logprobs = true, stream = true, stream_options = usage }
            : new { model = "tiny-assistant", prompt = "Once", max_tokens = 4, logprobs = 0, stream = true, stream_options = usage };

        using var stream = await (await client.StreamAsync(path, request)).ReadToEndAsync();

        Assert.True(stream.Ended);
        Assert.NotNull(stream.Usage);
        Assert.Equal("", string.Concat(
            stream.Events.Where(e => e.Data != ServerEvent.Done).Select(e => schemas.Faults(schema, e.Json))));
    }

    private static object[] Question => [new { role = "user", content = "What is the capital of France?" }];
}
