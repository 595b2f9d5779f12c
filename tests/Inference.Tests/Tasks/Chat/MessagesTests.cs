using System.Text.Json.Nodes;
using Tollgate.Contracts.Metering;
using Tollgate.Inference.Tests.Endpoints;

namespace Tollgate.Inference.Tests.Tasks.Chat;

/// <summary>Anthropic's messages at a worker, with a real model.</summary>
[Collection(nameof(WorkerFixture))]
public sealed class MessagesTests(WorkerFixture worker)
{
    private const string Path = "/v1/messages";
    private const string CountPath = "/v1/messages/count_tokens";
    private const string Greeting = "Hello! How can I help you today?";

    [Fact]
    public async Task An_answer_in_one_piece_has_every_member_and_its_exact_units_in_a_header()
    {
        var request = Guid.NewGuid();

        using var response = await worker.PostAsync(Path, Body("Hello!"), request);

        Assert.Equal(
            $$"""{"id":"msg_{{request:N}}","type":"message","role":"assistant","model":"tiny-assistant","container":null"""
            + $$""","diagnostics":null,"content":[{"type":"text","text":"{{Greeting}}","citations":null}]"""
            + ""","stop_reason":"end_turn","stop_sequence":null,"stop_details":null"""
            + ""","usage":{"input_tokens":10,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":9"""
            + ""","output_tokens_details":null,"server_tool_use":null"""
            + ""","cache_creation":{"ephemeral_5m_input_tokens":0,"ephemeral_1h_input_tokens":0},"inference_geo":null"""
            + ""","service_tier":"standard","speed":null}}""",
            await response.Content.ReadAsStringAsync());
        Assert.Equal(new Units(10, Output: 9).ToString(), response.Headers.GetValues(Units.Header).Single());
        Assert.Equal(new Units(10, Output: 9), (await worker.WitnessAsync()).Entries.Single(entry => entry.RequestId == request).Units);
    }

    [Fact]
    public async Task A_stream_has_named_events_in_their_order_and_counts_in_its_ids()
    {
        using var response = await worker.PostAsync(
            Path, Body("Hello!", ("stream", true)), completion: HttpCompletionOption.ResponseHeadersRead);
        var events = await Event.ReadAllAsync(response);

        Assert.Equal(["message_start", "content_block_start"], events.Take(2).Select(item => item.Name));
        Assert.Equal(["content_block_stop", "message_delta", "message_stop"], events.TakeLast(3).Select(item => item.Name));
        Assert.All(events, item => Assert.Equal(item.Name, (string)item.Json["type"]!));
        Assert.All(events[2..^3], item => Assert.Equal("content_block_delta", item.Name));
        Assert.Equal(Greeting, string.Concat(events[2..^3].Select(item => (string)item.Json["delta"]!["text"]!)));
        Assert.Equal(events.Select(item => item.Id).Order(), events.Select(item => item.Id));
        Assert.Equal((0, 9), (events[0].Id, events[^1].Id));
        Assert.Empty(events[0].Json["message"]!["content"]!.AsArray());
        Assert.Null(events[0].Json["message"]!["stop_reason"]);
        Assert.Equal((10, 0), Usage(events[0].Json["message"]!["usage"]!));
        Assert.Equal("""{"type":"text","text":"","citations":null}""", events[1].Json["content_block"]!.ToJsonString());
        Assert.Equal((10, 9), Usage(events[^2].Json["usage"]!));
        Assert.Equal("end_turn", (string)events[^2].Json["delta"]!["stop_reason"]!);
    }

    [Theory]
    [InlineData("stop_sequences", """["help you", "never"]""", "stop_sequence", "help you", "Hello! How can I ")]
    [InlineData("max_tokens", "3", "max_tokens", null, "Hello! How")]
    public async Task An_answer_says_why_it_ended_whole_and_streamed(
        string member, string value, string reason, string? stop, string text)
    {
        using var whole = await worker.PostAsync(Path, Body("Hello!", (member, JsonNode.Parse(value))));
        using var streamed = await worker.PostAsync(Path, Body("Hello!", (member, JsonNode.Parse(value)), ("stream", true)));
        var answer = JsonNode.Parse(await whole.Content.ReadAsStringAsync())!;
        var last = (await Event.ReadAllAsync(streamed))[^2].Json;

        Assert.Equal((reason, stop, text), (
            (string?)answer["stop_reason"], (string?)answer["stop_sequence"], (string?)answer["content"]![0]!["text"]));
        Assert.Equal((reason, stop), ((string?)last["delta"]!["stop_reason"], (string?)last["delta"]!["stop_sequence"]));
        Assert.Equal(Usage(answer["usage"]!), Usage(last["usage"]!));
    }

    [Fact]
    public async Task The_answer_continues_what_the_assistant_has_begun()
    {
        var body = Body("Hello!");
        body["messages"]!.AsArray().Add(new JsonObject { ["role"] = "assistant", ["content"] = "Hello! How can" });

        using var response = await worker.PostAsync(Path, body);
        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;

        Assert.Equal(" I help you today?", (string)answer["content"]![0]!["text"]!);
        Assert.Equal((14, 5), Usage(answer["usage"]!)); // Hello ! _How _can, and _I _help _you _today ?
    }

    [Theory]
    [InlineData("""{"system":"Answer briefly."}""")]
    [InlineData("""{"messages":[{"role":"user","content":"Hi"},{"role":"user","content":[{"type":"text","text":"Who are you?"}]}]}""")]
    [InlineData(
        """{"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":"Well"}],"system":[{"type":"text","text":"S"}]}""")]
    public async Task A_count_is_the_tokens_that_the_answer_states(string members)
    {
        var conversation = JsonNode.Parse(members)!.AsObject();
        var body = Body("Hello!", ("max_tokens", 1));
        var count = new JsonObject { ["model"] = "tiny-assistant", ["messages"] = body["messages"]!.DeepClone() };
        foreach (var (name, value) in conversation)
        {
            body[name] = value?.DeepClone();
            count[name] = value?.DeepClone();
        }

        var request = Guid.NewGuid();
        using var answered = await worker.PostAsync(Path, body);
        using var counted = await worker.PostAsync(CountPath, count, request);

        var tokens = (int)JsonNode.Parse(await answered.Content.ReadAsStringAsync())!["usage"]!["input_tokens"]!;
        Assert.Equal($$"""{"input_tokens":{{tokens}}}""", await counted.Content.ReadAsStringAsync());
        Assert.Equal(default(Units).ToString(), counted.Headers.GetValues(Units.Header).Single());
        Assert.DoesNotContain((await worker.WitnessAsync()).Entries, entry => entry.RequestId == request);
    }

    private static (int Input, int Output) Usage(JsonNode usage) => ((int)usage["input_tokens"]!, (int)usage["output_tokens"]!);

    private static JsonObject Body(string question, params (string Name, JsonNode? Value)[] members) =>
        WorkerFixture.Chat(question, [("max_tokens", 40), .. members]);
}
