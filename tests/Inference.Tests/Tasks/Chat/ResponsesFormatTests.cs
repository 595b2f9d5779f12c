using System.IO.Pipelines;
using System.Text;
using System.Text.Json.Nodes;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Responses;
using Tollgate.Inference.Generation;
using Tollgate.Inference.Requests;
using Tollgate.Inference.Tasks.Chat;
using Tollgate.Inference.Tests.Endpoints;

namespace Tollgate.Inference.Tests.Tasks.Chat;

/// <summary>Responses as they are written, from steps that no model here makes by itself.</summary>
public sealed class ResponsesFormatTests
{
    private const string Id = "resp_0195aaaa00007000800000000000000d";
    private const string Tools =
        ""","tools":[{"type":"function","name":"weather","description":"d","parameters":{"type":"object"}}],"tool_choice":"required" """;

    [Fact]
    public async Task Text_and_then_calls_are_items_one_after_the_other()
    {
        var events = await StreamAsync(
            Tools, Text("Let me see."), Piece(0, "call_a", "", isFirst: true), Piece(0, "call_a", "{\"city\":"),
            Piece(0, "call_a", "\"Rome\"}", isLast: true), Piece(1, "call_b", "{}", isFirst: true, isLast: true),
            End(FinishReason.ToolCalls));

        Assert.Equal(
            [
                "response.created", "response.in_progress", "response.output_item.added", "response.content_part.added",
                "response.output_text.delta", "response.output_text.done", "response.content_part.done", "response.output_item.done",
                "response.output_item.added", "response.function_call_arguments.delta", "response.function_call_arguments.delta",
                "response.function_call_arguments.done", "response.output_item.done", "response.output_item.added",
                "response.function_call_arguments.delta", "response.function_call_arguments.done", "response.output_item.done",
                "response.completed",
            ],
            events.Select(item => item.Name));
        Assert.Equal(Enumerable.Range(0, events.Count), events.Select(item => (int)item.Json["sequence_number"]!));
        Assert.Equal(
            [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2],
            events.Skip(2).SkipLast(1).Select(item => (int)item.Json["output_index"]!));
        var output = events[^1].Json["response"]!["output"]!.AsArray();
        Assert.Equal(["message", "function_call", "function_call"], output.Select(item => (string)item!["type"]!));
        Assert.Equal(
            ("fc_0195aaaa00007000800000000000000do1", "completed", "call_a", "weather", "{\"city\":\"Rome\"}"),
            (
                (string)output[1]!["id"]!, (string)output[1]!["status"]!, (string)output[1]!["call_id"]!, (string)output[1]!["name"]!,
                (string)output[1]!["arguments"]!));
        Assert.Equal(
            output.Select(item => item!.ToJsonString()),
            events.Where(item => item.Name == "response.output_item.done").Select(item => item.Json["item"]!.ToJsonString()));
        Assert.Equal(
            """[{"type":"function","name":"weather","description":"d","parameters":{"type":"object"},"strict":false}]""",
            events[^1].Json["response"]!["tools"]!.ToJsonString());
        Assert.Equal("required", (string)events[0].Json["response"]!["tool_choice"]!);
    }

    [Fact]
    public async Task An_answer_of_calls_alone_has_no_message()
    {
        var events = await StreamAsync(Tools, Piece(0, "call_a", "{}", isFirst: true, isLast: true), End(FinishReason.ToolCalls));

        var call = Assert.Single(events[^1].Json["response"]!["output"]!.AsArray())!;
        Assert.Equal(("fc_0195aaaa00007000800000000000000do0", "call_a"), ((string)call["id"]!, (string)call["call_id"]!));
        Assert.Equal(0, (int)events[2].Json["output_index"]!);
    }

    [Fact]
    public async Task A_call_that_is_cut_off_is_incomplete()
    {
        var events = await StreamAsync(Tools, Piece(0, "call_a", "{\"ci", isFirst: true), End(FinishReason.Length));

        Assert.Equal("response.incomplete", events[^1].Name);
        var call = events[^1].Json["response"]!["output"]![0]!;
        Assert.Equal(("incomplete", "{\"ci"), ((string)call["status"]!, (string)call["arguments"]!));
        Assert.Equal("incomplete", (string)events[^2].Json["item"]!["status"]!);
    }

    [Fact]
    public async Task An_empty_answer_has_an_empty_message()
    {
        var events = await StreamAsync("", End(FinishReason.Stop));

        Assert.Equal("", (string)events[^1].Json["response"]!["output"]![0]!["content"]![0]!["text"]!);
        Assert.Equal(8, events.Count - events.Count(item => item.Name == "response.output_text.delta"));
    }

    [Fact]
    public async Task A_failure_ends_the_stream_with_a_failed_response()
    {
        var output = new Pipe();
        using (var stream = new EventStream(output.Writer))
        {
            var answer = new AnswerStream(stream, Format(""), choices: 1);
            answer.Write(Text("Hel"));
            answer.Fail(OpenAiError.ServerError());
            await stream.FlushAsync(default);
        }

        var last = (await ReadAsync(output))[^1];
        Assert.Equal("response.failed", last.Name);
        Assert.Equal(("failed", "server_error"), (
            (string)last.Json["response"]!["status"]!, (string)last.Json["response"]!["error"]!["code"]!));
        Assert.Equal("incomplete", (string)last.Json["response"]!["output"]![0]!["status"]!);
        Assert.Equal("Hel", (string)last.Json["response"]!["output"]![0]!["content"]![0]!["text"]!);
    }

    [Fact]
    public async Task An_answer_in_one_piece_is_what_the_stream_ends_with()
    {
        var streamed = await StreamAsync(
            Tools, Text("Let me see."), Piece(0, "call_a", "{}", isFirst: true, isLast: true), End(FinishReason.ToolCalls));

        var whole = AnswerJson.Write(json => Format(Tools).WriteWhole(
            json,
            [new WholeChoice(0, "Let me see.", [], FinishReason.ToolCalls) { Calls = [new ToolCall("call_a", "weather", "{}")] }],
            new Units(5, Output: 7)));

        Assert.Equal(
            streamed[^1].Json["response"]!["output"]!.ToJsonString(),
            JsonNode.Parse(Encoding.UTF8.GetString(whole.Span))!["output"]!.ToJsonString());
    }

    private static AnswerStep Text(string text) => new(0, text, 1, [], null);

    private static AnswerStep End(FinishReason reason) => new(0, "", 7, [], reason);

    private static AnswerStep Piece(int index, string id, string arguments, bool isFirst = false, bool isLast = false) =>
        new(0, "", 2, [], null) { Call = new CallPiece(index, id, "weather", isFirst, arguments, isLast) };

    private static ResponsesFormat Format(string members)
    {
        Assert.True(
            ResponsesRequest.TryParse(
                Encoding.UTF8.GetBytes($$"""{"model":"tiny-assistant","input":"Hi"{{members}}}"""), out var request, out var error),
            error?.Message);
        return new ResponsesFormat(new AnswerHead(Id, 1_790_000_000, "tiny-assistant", "fp_0123456789", null!, new(5)), request);
    }

    private static async Task<List<Event>> StreamAsync(string members, params AnswerStep[] steps)
    {
        var output = new Pipe();
        using (var stream = new EventStream(output.Writer))
        {
            var answer = new AnswerStream(stream, Format(members), choices: 1);
            foreach (var step in steps)
            {
                answer.Write(step);
            }

            answer.End(new Units(5, Output: 7));
            await stream.FlushAsync(default);
        }

        return await ReadAsync(output);
    }

    private static async Task<List<Event>> ReadAsync(Pipe output)
    {
        await output.Writer.CompleteAsync();
        using var response = new HttpResponseMessage { Content = new StreamContent(output.Reader.AsStream()) };
        return await Event.ReadAllAsync(response);
    }
}
