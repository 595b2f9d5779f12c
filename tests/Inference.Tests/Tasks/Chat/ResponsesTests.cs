using System.Net;
using System.Text.Json.Nodes;
using Tollgate.Contracts.Metering;
using Tollgate.Inference.Tests.Endpoints;

namespace Tollgate.Inference.Tests.Tasks.Chat;

/// <summary><c>/v1/responses</c> at a worker: the whole conversation is in the request.</summary>
[Collection(nameof(WorkerFixture))]
public sealed class ResponsesTests(WorkerFixture worker)
{
    private const string Path = "/v1/responses";

    [Fact]
    public async Task An_answer_in_one_piece_has_every_member_of_a_response()
    {
        var id = Guid.NewGuid();
        var body = Request("Hello!", ("instructions", null), ("metadata", new JsonObject { ["a"] = "b" }), ("user", "u"));

        using var response = await worker.PostAsync(Path, body, id);
        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync())!.AsObject();

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(
            [
                "id", "object", "created_at", "status", "background", "completed_at", "error", "incomplete_details", "instructions",
                "max_output_tokens", "max_tool_calls", "model", "output", "parallel_tool_calls", "previous_response_id", "conversation",
                "prompt", "moderation", "access_programs", "prompt_cache_key", "prompt_cache_retention", "reasoning", "safety_identifier",
                "service_tier", "store", "temperature", "text", "tool_choice", "tools", "top_logprobs", "top_p", "truncation", "user",
                "metadata", "usage",
            ],
            answer.Select(member => member.Key));
        Assert.Equal($"resp_{id:N}", (string)answer["id"]!);
        Assert.Equal(("response", "completed", "tiny-assistant"), (Text(answer, "object"), Text(answer, "status"), Text(answer, "model")));
        Assert.Equal(
            $$"""[{"id":"msg_{{id:N}}o0","type":"message","status":"completed","role":"assistant","content":["""
            + """{"type":"output_text","annotations":[],"logprobs":[],"text":"Hello! How can I help you today?"}]}]""",
            answer["output"]!.ToJsonString());
        Assert.Equal(
            """{"input_tokens":10,"input_tokens_details":{"cached_tokens":0,"cache_write_tokens":0},"output_tokens":9"""
            + ""","output_tokens_details":{"reasoning_tokens":0},"total_tokens":19}""",
            answer["usage"]!.ToJsonString());
        Assert.Equal("""{"format":{"type":"text"},"verbosity":"medium"}""", answer["text"]!.ToJsonString());
        Assert.Equal("""{"a":"b"}""", answer["metadata"]!.ToJsonString());
        Assert.Equal(("auto", "[]", true), (Text(answer, "tool_choice"), answer["tools"]!.ToJsonString(), (bool)answer["store"]!));
        Assert.Equal(new Units(10, Output: 9).ToString(), response.Headers.GetValues(Units.Header).Single());
    }

    [Fact]
    public async Task A_stream_has_every_event_once_numbered_without_gaps_and_ends_with_the_whole_response()
    {
        var id = Guid.NewGuid();
        var whole = await AnswerAsync(Request("Hello!"));

        using var response = await worker.PostAsync(
            Path, Request("Hello!", ("stream", true)), id, completion: HttpCompletionOption.ResponseHeadersRead);
        var events = await Event.ReadAllAsync(response);

        Assert.Equal(Enumerable.Range(0, events.Count), events.Select(item => (int)item.Json["sequence_number"]!));
        Assert.All(events, item => Assert.Equal(item.Name, (string)item.Json["type"]!));
        Assert.Equal(
            ["response.created", "response.in_progress", "response.output_item.added", "response.content_part.added"],
            events.Take(4).Select(item => item.Name));
        Assert.Equal(
            [
                "response.output_text.done", "response.content_part.done", "response.output_item.done", "response.completed",
            ],
            events.TakeLast(4).Select(item => item.Name));
        var deltas = events.Skip(4).SkipLast(4).ToList();
        Assert.All(deltas, item => Assert.Equal("response.output_text.delta", item.Name));
        Assert.All(deltas, item => Assert.Equal("[]", item.Json["logprobs"]!.ToJsonString()));
        Assert.Equal("Hello! How can I help you today?", string.Concat(deltas.Select(item => (string)item.Json["delta"]!)));
        Assert.Equal("Hello! How can I help you today?", (string)events[^4].Json["text"]!);
        Assert.Equal(9, events[^1].Id);
        Assert.Equal(events.Select(item => item.Id).Order(), events.Select(item => item.Id));
        Assert.Equal("[]", events[0].Json["response"]!["output"]!.ToJsonString());
        Assert.Equal("in_progress", (string)events[0].Json["response"]!["status"]!);
        Assert.Equal("[]", events[2].Json["item"]!["content"]!.ToJsonString());
        Assert.All(
            events.Skip(3).SkipLast(2), item => Assert.Equal($"msg_{id:N}o0", (string)item.Json["item_id"]!));
        Assert.Equal(Timeless(whole), Timeless(events[^1].Json["response"]!.AsObject()));
    }

    [Fact]
    public async Task An_answer_that_is_cut_off_is_incomplete_and_says_why()
    {
        var whole = await AnswerAsync(Request("Hello!", ("max_output_tokens", 3)));
        using var response = await worker.PostAsync(
            Path, Request("Hello!", ("max_output_tokens", 3), ("stream", true)), completion: HttpCompletionOption.ResponseHeadersRead);
        var last = (await Event.ReadAllAsync(response))[^1];

        Assert.Equal("""{"reason":"max_output_tokens"}""", whole["incomplete_details"]!.ToJsonString());
        Assert.Equal(("incomplete", 3), (Text(whole, "status"), (int)whole["max_output_tokens"]!));
        Assert.Equal("incomplete", (string)whole["output"]![0]!["status"]!);
        Assert.Null(whole["completed_at"]);
        Assert.Equal("response.incomplete", last.Name);
        Assert.Equal("incomplete", (string)last.Json["response"]!["output"]![0]!["status"]!);
        Assert.Equal(3, (int)last.Json["response"]!["usage"]!["output_tokens"]!);
    }

    [Fact]
    public async Task The_same_conversation_has_the_same_tokens_as_a_chat()
    {
        var answer = await AnswerAsync(Request(
            new JsonArray(
                new JsonObject { ["role"] = "user", ["content"] = "Hello!" },
                new JsonObject
                {
                    ["type"] = "message", ["id"] = "msg_1", ["role"] = "assistant", ["status"] = "completed",
                    ["content"] = new JsonArray(
                        new JsonObject { ["type"] = "output_text", ["text"] = "Hi.", ["annotations"] = new JsonArray() }),
                },
                new JsonObject
                {
                    ["role"] = "user", ["content"] = new JsonArray(new JsonObject { ["type"] = "input_text", ["text"] = "Who are you?" }),
                }),
            ("instructions", "Be brief."), ("max_output_tokens", 8)));
        using var chat = await worker.PostAsync("/v1/chat/completions", JsonNode.Parse(
            """
            {"model":"tiny-assistant","temperature":0,"max_tokens":8,"messages":[{"role":"system","content":"Be brief."},
            {"role":"user","content":"Hello!"},{"role":"assistant","content":"Hi."},{"role":"user","content":"Who are you?"}]}
            """)!);
        var same = JsonNode.Parse(await chat.Content.ReadAsStringAsync())!;

        Assert.Equal((int)same["usage"]!["prompt_tokens"]!, (int)answer["usage"]!["input_tokens"]!);
        Assert.Equal((string)same["choices"]![0]!["message"]!["content"]!, (string)answer["output"]![0]!["content"]![0]!["text"]!);
        Assert.Equal("Be brief.", Text(answer, "instructions"));
    }

    [Fact]
    public async Task Log_probabilities_stand_in_the_deltas_and_in_the_parts_at_the_end()
    {
        var body = Request("Hello!", ("include", new JsonArray("message.output_text.logprobs")), ("top_logprobs", 2), ("stream", true));

        using var response = await worker.PostAsync(Path, body, completion: HttpCompletionOption.ResponseHeadersRead);
        var events = await Event.ReadAllAsync(response);

        var deltas = events.Where(item => item.Name == "response.output_text.delta")
            .SelectMany(item => item.Json["logprobs"]!.AsArray().Select(token => token!.ToJsonString())).ToList();
        var done = events.Single(item => item.Name == "response.output_text.done").Json["logprobs"]!.AsArray();
        var part = events[^1].Json["response"]!["output"]![0]!["content"]![0]!["logprobs"]!.AsArray();
        Assert.NotEmpty(deltas);
        Assert.Equal(deltas, done.Select(token => token!.ToJsonString()));
        Assert.Equal(deltas, part.Select(token => token!.ToJsonString()));
        Assert.Equal(["bytes", "logprob", "token", "top_logprobs"], part[0]!.AsObject().Select(member => member.Key).Order());
        Assert.All(part, token => Assert.Equal(2, token!["top_logprobs"]!.AsArray().Count));
        Assert.Equal(2, (int)events[^1].Json["response"]!["top_logprobs"]!);
    }

    [Fact]
    public async Task What_only_a_gateway_can_complete_is_refused()
    {
        using var response = await worker.PostAsync(
            Path, Request(new JsonArray(new JsonObject { ["type"] = "item_reference", ["id"] = "msg_1" })));
        var error = JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!;

        Assert.Equal((HttpStatusCode.BadRequest, "input[0].id"), (response.StatusCode, (string)error["param"]!));
    }

    private static JsonObject Request(JsonNode input, params (string Name, JsonNode? Value)[] members)
    {
        var body = new JsonObject { ["model"] = "tiny-assistant", ["input"] = input, ["temperature"] = 0 };
        foreach (var (name, value) in members)
        {
            body[name] = value;
        }

        return body;
    }

    private async Task<JsonObject> AnswerAsync(JsonObject body, Guid? id = null)
    {
        using var response = await worker.PostAsync(Path, body, id);
        return JsonNode.Parse(await response.Content.ReadAsStringAsync())!.AsObject();
    }

    private static string? Text(JsonObject answer, string member) => (string?)answer[member];

    /// <summary>A response without its times and the id of its request.</summary>
    private static string Timeless(JsonObject response)
    {
        var copy = response.DeepClone().AsObject();
        copy.Remove("created_at");
        copy.Remove("completed_at");
        return copy.ToJsonString().Replace(((string)response["id"]!)["resp_".Length..], "id", StringComparison.Ordinal);
    }
}
