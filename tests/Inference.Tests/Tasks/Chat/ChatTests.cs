using System.Net;
using System.Text.Json.Nodes;
using Tollgate.Contracts.Metering;
using Tollgate.Inference.Tests.Endpoints;
using Tollgate.Inference.Tests.Models;

namespace Tollgate.Inference.Tests.Tasks.Chat;

[Collection(nameof(WorkerFixture))]
public sealed class ChatTests(WorkerFixture worker)
{
    private const string Path = "/v1/chat/completions";

    [Fact]
    public async Task Every_reference_prompt_gives_its_reference_answer_all_at_once()
    {
        var file = System.IO.Path.Combine(ModelFiles.Defaults, "tiny-assistant", "reference.json");
        var cases = JsonNode.Parse(await File.ReadAllTextAsync(file))!["cases"]!.AsArray();

        var answers = await Task.WhenAll(cases.Select(async example =>
        {
            var body = new JsonObject
            {
                ["model"] = "tiny-assistant",
                ["prompt"] = new JsonArray([.. example!["prompt_ids"]!.AsArray().Select(id => JsonValue.Create((int)id!))]),
                ["max_tokens"] = 200,
                ["temperature"] = 0,
            };
            using var response = await worker.PostAsync("/v1/completions", body);
            return JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
        }));

        for (var i = 0; i < cases.Count; i++)
        {
            Assert.Equal((string)cases[i]!["text"]!, (string)answers[i]["choices"]![0]!["text"]!);
            Assert.Equal(cases[i]!["prompt_ids"]!.AsArray().Count, (int)answers[i]["usage"]!["prompt_tokens"]!);
            Assert.Equal(cases[i]!["output_ids"]!.AsArray().Count, (int)answers[i]["usage"]!["completion_tokens"]!);
        }
    }

    [Fact]
    public async Task An_unstreamed_answer_has_every_member_and_its_exact_units_in_a_header()
    {
        var request = Guid.NewGuid();

        using var response = await worker.PostAsync(Path, WorkerFixture.Chat("Hello!"), request);
        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;

        Assert.Equal("application/json", response.Content.Headers.ContentType!.ToString());
        Assert.Equal($"chatcmpl-{request:N}", (string)answer["id"]!);
        Assert.Equal("chat.completion", (string)answer["object"]!);
        Assert.Equal("tiny-assistant", (string)answer["model"]!);
        Assert.Equal("default", (string)answer["service_tier"]!);
        Assert.StartsWith("fp_", (string)answer["system_fingerprint"]!, StringComparison.Ordinal);
        Assert.Equal(
            """{"index":0,"message":{"role":"assistant","content":"Hello! How can I help you today?","refusal":null,"annotations":[]}"""
            + ""","logprobs":null,"finish_reason":"stop"}""",
            answer["choices"]![0]!.ToJsonString());
        Assert.Equal(
            """{"prompt_tokens":10,"completion_tokens":9,"total_tokens":19"""
            + ""","prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0}"""
            + ""","completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0"""
            + ""","accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}""",
            answer["usage"]!.ToJsonString());
        Assert.Equal(new Units(10, Output: 9).ToString(), response.Headers.GetValues(Units.Header).Single());
        Assert.True(long.Parse(response.Headers.GetValues("x-tollgate-queue-ms").Single()) >= 0);
        Assert.Equal(new Units(10, Output: 9), (await worker.WitnessAsync()).Entries.Single(entry => entry.RequestId == request).Units);
    }

    [Fact]
    public async Task A_stream_begins_with_the_role_counts_in_its_ids_and_ends_with_usage_and_done()
    {
        var body = WorkerFixture.Chat("Hello!", ("stream", true), ("stream_options", new JsonObject { ["include_usage"] = true }));

        using var response = await worker.PostAsync(Path, body, completion: HttpCompletionOption.ResponseHeadersRead);
        var events = await Event.ReadAllAsync(response);

        Assert.Equal("text/event-stream; charset=utf-8", response.Content.Headers.ContentType!.ToString());
        Assert.Equal(new Units(10).ToString(), response.Headers.GetValues(Units.Header).Single());
        Assert.Equal(0, events[0].Id);
        Assert.Equal("""{"role":"assistant","content":"","refusal":null}""", events[0].Choice!["delta"]!.ToJsonString());
        Assert.Equal("Hello! How can I help you today?", Event.Text(events));
        Assert.Equal(events.Select(item => item.Id).Order(), events.Select(item => item.Id));
        Assert.Equal("[DONE]", events[^1].Data);
        Assert.Empty(events[^2].Json["choices"]!.AsArray());
        Assert.Equal(9, (int)events[^2].Json["usage"]!["completion_tokens"]!);
        Assert.Equal("stop", (string)events[^3].Choice!["finish_reason"]!);
        Assert.Equal("{}", events[^3].Choice!["delta"]!.ToJsonString());
        Assert.Equal((9, 9, 9), (events[^1].Id, events[^2].Id, events[^3].Id));
        Assert.All(events.SkipLast(2), item => Assert.True(item.Json.AsObject().ContainsKey("usage")));
        Assert.Single(events.SkipLast(1).Select(item => (string)item.Json["id"]!).Distinct());
    }

    [Fact]
    public async Task Thirty_two_streams_at_once_equal_their_solo_runs()
    {
        string[] questions = ["Hello!", "Who are you?", "Tell me a story about a fox named Mia.", "What is the capital of France?"];
        var solo = new List<string>();
        foreach (var question in questions)
        {
            solo.Add(await StreamAsync(question));
        }

        var together = await Task.WhenAll(Enumerable.Range(0, 32).Select(i => StreamAsync(questions[i % 4])));

        for (var i = 0; i < 32; i++)
        {
            Assert.Equal(solo[i % 4], together[i]);
        }
    }

    [Fact]
    public async Task Several_choices_are_streamed_side_by_side_and_all_counted()
    {
        var body = WorkerFixture.Chat("Tell me a joke.", ("stream", true), ("n", 3), ("seed", 7), ("temperature", 1.4), ("max_tokens", 30));

        using var streamed = await worker.PostAsync(Path, body.DeepClone(), completion: HttpCompletionOption.ResponseHeadersRead);
        var events = await Event.ReadAllAsync(streamed);
        body["stream"] = false;
        using var whole = await worker.PostAsync(Path, body);
        var answer = JsonNode.Parse(await whole.Content.ReadAsStringAsync())!;

        for (var choice = 0; choice < 3; choice++)
        {
            Assert.Equal((string)answer["choices"]![choice]!["message"]!["content"]!, Event.Text(events, choice));
        }

        Assert.Equal((long)answer["usage"]!["completion_tokens"]!, events[^1].Id);
        Assert.Equal(3, events.Count(item => item.Data != "[DONE]" && item.Choice!["finish_reason"] is not null));
    }

    [Fact]
    public async Task A_stop_text_ends_the_answer_before_it_and_its_tokens_are_billed()
    {
        using var response = await worker.PostAsync(Path, WorkerFixture.Chat("Hello!", ("stop", "help you")));
        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;

        Assert.Equal("Hello! How can I ", (string)answer["choices"]![0]!["message"]!["content"]!);
        Assert.Equal("stop", (string)answer["choices"]![0]!["finish_reason"]!);
        Assert.Equal(7, (int)answer["usage"]!["completion_tokens"]!); // Hello ! _How _can _I _help _you
    }

    [Fact]
    public async Task The_output_cap_ends_an_answer_with_length()
    {
        using var response = await worker.PostAsync(Path, WorkerFixture.Chat("Hello!", ("max_tokens", 3)));
        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;

        Assert.Equal("length", (string)answer["choices"]![0]!["finish_reason"]!);
        Assert.Equal(3, (int)answer["usage"]!["completion_tokens"]!);
    }

    [Fact]
    public async Task Logprobs_name_each_token_with_its_best_alternatives()
    {
        using var response = await worker.PostAsync(Path, WorkerFixture.Chat("Hello!", ("logprobs", true), ("top_logprobs", 2)));
        var content = JsonNode.Parse(await response.Content.ReadAsStringAsync())!["choices"]![0]!["logprobs"]!["content"]!.AsArray();

        Assert.Equal("Hello! How can I help you today?", string.Concat(content.Select(token => (string)token!["token"]!)));
        Assert.All(content, token =>
        {
            Assert.Equal(2, token!["top_logprobs"]!.AsArray().Count);
            Assert.Equal((double)token["logprob"]!, (double)token["top_logprobs"]![0]!["logprob"]!); // Greedy.
        });
    }

    [Theory]
    [InlineData(
        """{"model":"tiny-assistant","messages":[{"role":"user","content":"x"}],"max_tokens":100000}""",
        400, "messages", "context_length_exceeded")]
    [InlineData("""{"model":"tiny-assistant","messages":[{"role":"user","content":"x"}],"logit_bias":{"9999999":1}}""", 400, null, null)]
    [InlineData("""{"model":"none","messages":[{"role":"user","content":"x"}]}""", 404, "model", "model_not_found")]
    [InlineData("""{"model":"tiny-embed","messages":[{"role":"user","content":"x"}]}""", 404, "model", "model_not_found")]
    [InlineData("""{"model":"tiny-assistant"}""", 400, "messages", "missing_required_parameter")]
    public async Task A_bad_request_is_refused_by_name(string body, int status, string? param, string? code)
    {
        using var response = await worker.PostAsync(Path, JsonNode.Parse(body)!);
        var error = JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!;

        Assert.Equal((HttpStatusCode)status, response.StatusCode);
        Assert.True(param is null || (string?)error["param"] == param, error.ToJsonString());
        Assert.True(code is null || (string?)error["code"] == code, error.ToJsonString());
    }

    [Fact]
    public async Task A_prompt_longer_than_the_context_is_refused_as_json_even_when_a_stream_was_asked_for()
    {
        var body = WorkerFixture.Chat(string.Join(' ', Enumerable.Repeat("word", 600)), ("stream", true));

        using var response = await worker.PostAsync(Path, body);
        var error = JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!;

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("context_length_exceeded", (string?)error["code"]);
    }

    [Fact]
    public async Task Only_a_gateway_may_ask()
    {
        using var stranger = WorkerFixture.Client(worker.Gateway.BaseAddress!.ToString(), "accounts");

        using var response = await stranger.PostAsync(Path, new StringContent("{}"));

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }

    private async Task<string> StreamAsync(string question)
    {
        using var response = await worker.PostAsync(
            Path, WorkerFixture.Chat(question, ("stream", true)), completion: HttpCompletionOption.ResponseHeadersRead);
        return Event.Text(await Event.ReadAllAsync(response));
    }
}
