using System.Text.Json;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Usage;
using Tollgate.EndToEnd.Tests.Clients;
using Tollgate.EndToEnd.Tests.Running;
using Tollgate.Testing;

namespace Tollgate.EndToEnd.Tests.Scenarios;

/// <summary>The official npm client against the running system. One run of <c>clients/conformance.mjs</c>, judged call by call.</summary>
[Collection(SharedTollgate.Name)]
public sealed class NodeClientTests(SharedTollgate shared, NodeClientTests.Run run) : IClassFixture<NodeClientTests.Run>
{
    [Fact]
    public async Task Chat_answers_and_is_billed_as_it_says()
    {
        var chat = await ResultAsync("chat");
        var usage = AnswerUsage.Read(chat.GetProperty("usage"));
        var row = await shared.Running.Books.OneAsync(RequestIds.Parse(chat.GetProperty("requestId").GetString()!));

        Assert.Equal("chat.completion", chat.GetProperty("object").GetString());
        Assert.Equal(
            "The capital of France is Paris.", chat.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString());
        Assert.Equal("stop", chat.GetProperty("choices")[0].GetProperty("finish_reason").GetString());
        Assert.Equal((usage.Prompt, usage.Completion), (row.Units.Prompt, row.Units.Completion));
    }

    [Fact]
    public async Task Streamed_chat_gives_the_same_text_and_usage()
    {
        var chat = await ResultAsync("chat");
        var stream = await ResultAsync("chatStream");

        Assert.Equal("The capital of France is Paris.", stream.GetProperty("text").GetString());
        Assert.Equal("stop", stream.GetProperty("finish").GetString());
        Assert.Equal(AnswerUsage.Read(chat.GetProperty("usage")), AnswerUsage.Read(stream.GetProperty("usage")));
        Assert.Single(stream.GetProperty("ids").EnumerateArray());
        Assert.Equal("chat.completion.chunk", Assert.Single(stream.GetProperty("objects").EnumerateArray()).GetString());
        Assert.True(stream.GetProperty("chunks").GetInt32() > 4, "a stream that comes in one piece is none");
    }

    [Fact]
    public async Task Completions_answer_streamed_and_not()
    {
        var completion = await ResultAsync("completion");
        var stream = await ResultAsync("completionStream");

        Assert.Equal("text_completion", completion.GetProperty("object").GetString());
        Assert.Equal(" Paris.", completion.GetProperty("choices")[0].GetProperty("text").GetString());
        Assert.Equal(" Paris.", stream.GetProperty("text").GetString());
    }

    [Fact]
    public async Task Embeddings_are_the_same_in_base64_and_as_numbers()
    {
        var embeddings = await ResultAsync("embeddings");
        var fromBase64 = Vectors(embeddings.GetProperty("base64"));
        var fromNumbers = Vectors(embeddings.GetProperty("floats"));

        Assert.Equal("tiny-embed", embeddings.GetProperty("model").GetString());
        Assert.Equal(2, fromBase64.Count);
        Assert.All(fromBase64, vector => Assert.InRange(vector.Sum(x => x * x), 0.999, 1.001));
        Assert.Equal(fromNumbers, fromBase64, (a, b) => a.Zip(b).All(pair => Math.Abs(pair.First - pair.Second) < 1e-6));
    }

    [Fact]
    public async Task Pictures_are_drawn_whole_and_streamed_with_intermediate_ones()
    {
        var images = await ResultAsync("images");
        var pictures = images.GetProperty("pictures").EnumerateArray().Select(picture => picture.GetString()).ToList();
        var events = images.GetProperty("events").EnumerateArray().ToList();

        Assert.Equal(("64x64", "webp"), (images.GetProperty("size").GetString(), images.GetProperty("format").GetString()));
        Assert.Equal(2, pictures.Distinct().Count());
        Assert.Equal(
            ["image_generation.partial_image", "image_generation.partial_image", "image_generation.completed"],
            events.Select(item => item.GetProperty("type").GetString()!));
        Assert.Equal([0, 1], events[..2].Select(item => item.GetProperty("index").GetInt32()));
        Assert.Equal(pictures[0], events[2].GetProperty("picture").GetString());
        Assert.NotEqual(pictures[0], events[1].GetProperty("picture").GetString());
    }

    [Fact]
    public async Task Pictures_are_billed_each_whether_streamed_or_not()
    {
        var images = await ResultAsync("images");
        var ids = Texts(images, "requestIds").Select(id => RequestIds.Parse(id!)).ToList();
        var (whole, streamed) = (await shared.Running.Books.OneAsync(ids[0]), await shared.Running.Books.OneAsync(ids[1]));
        var tokens = images.GetProperty("tokens").GetInt64();

        Assert.Equal(("images.generations", "tiny-painter", false), (whole.Endpoint, whole.Model, whole.Streamed));
        Assert.Equal(Drawn(2), (whole.Units, whole.Amount));
        Assert.True(streamed.Streamed);
        Assert.Equal(Drawn(1), (streamed.Units, streamed.Amount));

        // 64 x 64 pixels and 20 steps a picture: $0.001 + 4,096 of $0.01 a million + 20 of $0.00005. Its texts are free.
        (Units, decimal) Drawn(int pictures) => (
            new Units(tokens, Images: pictures, Pixels: pictures * 4_096, Steps: pictures * 20), pictures * 0.00204096m);
    }

    [Fact]
    public async Task Models_are_listed_and_retrieved()
    {
        var models = await ResultAsync("models");
        var listed = models.GetProperty("listed").EnumerateArray().Select(model => model.GetProperty("id").GetString()).ToList();

        Assert.Contains("tiny-assistant", listed);
        Assert.Contains("tiny-embed", listed);
        Assert.Equal("tiny-assistant", models.GetProperty("one").GetProperty("id").GetString());
        Assert.Equal("model", models.GetProperty("one").GetProperty("object").GetString());
    }

    [Theory]
    [InlineData("wrongKey", "AuthenticationError", 401, "invalid_api_key", null)]
    [InlineData("wrongModel", "NotFoundError", 404, "model_not_found", "model")]
    [InlineData("wrongModelRetrieved", "NotFoundError", 404, "model_not_found", "model")]
    [InlineData("wrongMember", "BadRequestError", 400, null, "temperature")]
    public async Task Failures_come_as_the_class_that_callers_catch(string call, string type, int status, string? code, string? param)
    {
        var failure = await ResultAsync(call);

        Assert.Equal(type, failure.GetProperty("class").GetString());
        Assert.Equal(status, failure.GetProperty("status").GetInt32());
        Assert.Equal("invalid_request_error", failure.GetProperty("type").GetString());
        Assert.Equal(param, failure.GetProperty("param").GetString());
        Assert.StartsWith("req_", failure.GetProperty("requestId").GetString(), StringComparison.Ordinal);
        if (code is not null)
        {
            Assert.Equal(code, failure.GetProperty("code").GetString());
        }
    }

    [Fact]
    public async Task A_key_over_its_rate_gets_429_and_is_told_when_to_come_back()
    {
        var limited = await ResultAsync("rateLimited");
        var failure = limited.GetProperty("failure");

        Assert.Equal(3, limited.GetProperty("passed").GetArrayLength());
        Assert.Equal("RateLimitError", failure.GetProperty("class").GetString());
        Assert.Equal("rate_limit_exceeded", failure.GetProperty("code").GetString());
        Assert.Equal("requests", failure.GetProperty("type").GetString());
        Assert.InRange(RequestIds.Number(failure.GetProperty("retryAfter").GetString()), 1, 20); // 3 a minute: one every 20 s.
        Assert.InRange(RequestIds.Number(failure.GetProperty("retryAfterMs").GetString()), 1, 20_000);
    }

    [Fact]
    public async Task A_client_that_leaves_is_billed_for_what_was_generated()
    {
        var left = await ResultAsync("leftMidStream");
        var row = await shared.Running.Books.OneAsync(RequestIds.Parse(left.GetProperty("requestId").GetString()!));

        Assert.Equal(Outcome.ClientLeft, row.Outcome);
        Assert.InRange(row.Units.Completion, 3, (4 * 480) - 1); // At least the chunks it saw, and not all that it asked for.
    }

    [Fact]
    public async Task An_idempotency_key_gives_the_same_answer_twice_and_is_billed_once()
    {
        var result = await ResultAsync("idempotent");
        var (ids, requests) = (Texts(result, "ids"), Texts(result, "requestIds"));
        await shared.Running.Books.OneAsync(RequestIds.Parse(requests[0]!));

        Assert.Equal(ids[0], ids[1]);
        Assert.NotEqual(requests[0], requests[1]);
        Assert.Equal([null, "true"], Texts(result, "replayed"));
        Assert.Equal(requests[0], result.GetProperty("original").GetString());
        Assert.Equal(["The capital of France is Paris.", "The capital of France is Paris."], Texts(result, "texts"));
        Assert.Empty(await shared.Running.Books.OfRequestAsync(RequestIds.Parse(requests[1]!)));
        Assert.Equal("ConflictError", result.GetProperty("reused").GetProperty("class").GetString());
        Assert.Equal("idempotency_key_reused", result.GetProperty("reused").GetProperty("code").GetString());
    }

    private static List<string?> Texts(JsonElement result, string member) =>
        [.. result.GetProperty(member).EnumerateArray().Select(item => item.GetString())];

    private async Task<JsonElement> ResultAsync(string call) => (await run.ResultsAsync(shared.Running)).GetProperty(call);

    private static List<double[]> Vectors(JsonElement data) =>
        [.. data.EnumerateArray().Select(item => item.GetProperty("embedding").EnumerateArray().Select(x => x.GetDouble()).ToArray())];

    /// <summary>Runs the script on first use and keeps what it printed.</summary>
    public sealed class Run
    {
        private Task<JsonElement>? _results;

        internal Task<JsonElement> ResultsAsync(RunningTollgate running) => _results ??= RunAsync(running);

        private static async Task<JsonElement> RunAsync(RunningTollgate running)
        {
            var script = Path.Combine(SharedFiles.Repository, "tests", "EndToEnd.Tests", "clients", "conformance.mjs");
            var environment = new Dictionary<string, string>
            {
                ["TOLLGATE_API"] = running.Endpoints.ApiBase,
                ["TOLLGATE_KEY"] = running.FirstKey,
                ["TOLLGATE_LIMITED_KEY"] = await running.Commands.CreateKeyAsync("node, limited", "--rpm", "3"),
            };
            return JsonElement.Parse((await ProgramRun.RunAsync("node", [script], environment)).Succeeded());
        }
    }
}
