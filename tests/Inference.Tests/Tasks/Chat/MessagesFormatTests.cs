using System.IO.Pipelines;
using System.Text;
using System.Text.Json.Nodes;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Generation;
using Tollgate.Inference.Requests;
using Tollgate.Inference.Tasks.Chat;

namespace Tollgate.Inference.Tests.Tasks.Chat;

/// <summary>What Anthropic's clients read of answers with calls and of streams that break, made of steps as a reader gives them.</summary>
public sealed class MessagesFormatTests
{
    private static readonly AnswerHead Head = new("msg_0195", 1_790_000_000, "tiny-assistant", "fp_1", Tokenizer: null!, Prompt: new(21));

    [Fact]
    public async Task A_block_ends_before_the_next_one_begins_and_indexes_have_no_gaps()
    {
        var events = await StreamAsync(
            [
                Text("Let me ", 1), Text("see.", 2), Text("", 3),
                Call(0, "c1", "weather", "", 4, first: true), Call(0, "c1", "weather", "{\"city\":", 5),
                Call(0, "c1", "weather", "\"Paris\"}", 6, last: true),
                Call(1, "c2", "time", "{}", 8, first: true, last: true) with { Finish = FinishReason.ToolCalls },
            ]);

        Assert.Equal(
            [
                "message_start", "content_block_start 0", "content_block_delta 0", "content_block_delta 0", "content_block_stop 0",
                "content_block_start 1", "content_block_delta 1", "content_block_delta 1", "content_block_stop 1",
                "content_block_start 2", "content_block_delta 2", "content_block_stop 2", "message_delta", "message_stop",
            ],
            events.Select(Show));
        Assert.Equal(
            """{"type":"tool_use","id":"c1","name":"weather","input":{},"caller":{"type":"direct"}}""",
            events[5]["content_block"]!.ToJsonString());
        Assert.Equal(
            """{"city":"Paris"}""", string.Concat(events[6..8].Select(item => (string)item["delta"]!["partial_json"]!)));
        Assert.Equal("tool_use", (string)events[^2]["delta"]!["stop_reason"]!);
    }

    [Fact]
    public async Task Usage_at_the_end_is_all_of_it_and_never_below_that_at_the_start()
    {
        var events = await StreamAsync([Text("Hi", 1) with { Finish = FinishReason.Stop }], new Units(21, Output: 1));

        Assert.Equal((21, 0), Counts(events[0]["message"]!["usage"]!));
        Assert.Equal((21, 1), Counts(events[^2]["usage"]!));
    }

    [Fact]
    public async Task An_answer_without_any_text_has_no_block_and_ends_in_order()
    {
        var events = await StreamAsync([Text("", 1) with { Finish = FinishReason.Stop }]);

        Assert.Equal(["message_start", "message_delta", "message_stop"], events.Select(Show));
        Assert.Empty(events[0]["message"]!["content"]!.AsArray());
    }

    [Fact]
    public async Task Text_after_a_call_is_a_block_of_its_own()
    {
        var events = await StreamAsync(
            [
                Call(0, "c1", "time", "{}", 1, first: true, last: true), Text("Done", 2),
                Text(".", 3) with { Finish = FinishReason.ToolCalls },
            ]);

        Assert.Equal(
            ["content_block_start 0", "content_block_delta 0", "content_block_stop 0", "content_block_start 1", "content_block_delta 1",
                "content_block_delta 1", "content_block_stop 1"],
            events[1..^2].Select(Show));
    }

    [Fact]
    public async Task A_stream_that_fails_ends_with_an_error_of_Anthropics_shape()
    {
        var pipe = new Pipe();
        using var stream = new EventStream(pipe.Writer);
        var answer = new AnswerStream(stream, new MessagesFormat(Head), choices: 1);
        answer.Write(Text("Hi", 1));
        answer.Fail(OpenAiError.ServerError());

        var events = await ReadAsync(pipe, stream);

        Assert.Equal(["message_start", "content_block_start 0", "content_block_delta 0", "error"], events.Select(Show));
        Assert.Equal(("api_error", "req_0195"), ((string)events[^1]["error"]!["type"]!, (string)events[^1]["request_id"]!));
    }

    [Fact]
    public void A_whole_answer_has_its_text_and_its_calls_with_objects_as_inputs()
    {
        var answer = Whole(new WholeChoice(0, "Let me see.", [], FinishReason.ToolCalls)
        {
            Calls = [new ToolCall("c1", "weather", "{ \"city\": \"Paris\" }"), new ToolCall("c2", "time", "")],
        });

        Assert.Equal(
            """[{"type":"text","text":"Let me see.","citations":null}"""
            + """,{"type":"tool_use","id":"c1","name":"weather","input":{"city":"Paris"},"caller":{"type":"direct"}}"""
            + """,{"type":"tool_use","id":"c2","name":"time","input":{},"caller":{"type":"direct"}}]""",
            answer["content"]!.ToJsonString());
        Assert.Equal("tool_use", (string)answer["stop_reason"]!);
    }

    [Theory]
    [InlineData("{\"city\":")]
    [InlineData("[1]")]
    [InlineData("7")]
    public void A_call_whose_arguments_are_no_object_is_shown_as_text(string arguments)
    {
        var answer = Whole(new WholeChoice(0, "", [], FinishReason.ToolCalls) { Calls = [new ToolCall("c1", "weather", arguments)] });

        var block = Assert.Single(answer["content"]!.AsArray())!;
        Assert.Equal(("text", $"weather {arguments}"), ((string)block["type"]!, (string)block["text"]!));
        Assert.Equal("end_turn", (string)answer["stop_reason"]!);
    }

    private static AnswerStep Text(string text, int tokens) => new(0, text, tokens, [], Finish: null);

    private static AnswerStep Call(
        int index, string id, string name, string arguments, int tokens, bool first = false, bool last = false) =>
        new(0, "", tokens, [], Finish: null) { Call = new CallPiece(index, id, name, first, arguments, last) };

    private static string Show(JsonNode data) => data["index"] is { } index ? $"{data["type"]} {index}" : (string)data["type"]!;

    private static (int Input, int Output) Counts(JsonNode usage) => ((int)usage["input_tokens"]!, (int)usage["output_tokens"]!);

    private static JsonNode Whole(WholeChoice choice) => JsonNode.Parse(
        AnswerJson.Write(json => new MessagesFormat(Head).WriteWhole(json, [choice], new Units(21, Output: 5))).Span)!;

    private static async Task<List<JsonNode>> StreamAsync(IEnumerable<AnswerStep> steps, Units? units = null)
    {
        var pipe = new Pipe();
        using var stream = new EventStream(pipe.Writer);
        var answer = new AnswerStream(stream, new MessagesFormat(Head), choices: 1);
        foreach (var step in steps)
        {
            answer.Write(step);
        }

        answer.End(units ?? new Units(21, Output: 8));
        return await ReadAsync(pipe, stream);
    }

    private static async Task<List<JsonNode>> ReadAsync(Pipe pipe, EventStream stream)
    {
        await stream.FlushAsync(CancellationToken.None);
        await pipe.Writer.CompleteAsync();
        using var reader = new StreamReader(pipe.Reader.AsStream(), Encoding.UTF8);
        var events = (await reader.ReadToEndAsync()).Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        return [.. events.Select(text => JsonNode.Parse(text.Split('\n')[2]["data: ".Length..])!)];
    }
}
