using System.Text.Json;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Responses;
using Tollgate.Inference.Generation;

namespace Tollgate.Inference.Tasks.Chat;

/// <summary>
/// <c>response</c> and its events. The output is one message, unless there are only calls, and then the calls in their order. Each item's
/// events end before the next item begins; the last event has the whole response.
/// </summary>
internal sealed class ResponsesFormat(AnswerHead head, ResponsesRequest request) : AnswerFormat(head)
{
    private readonly ResponseWriter _writer = new(head, request);
    private readonly List<OutputItem> _output = [];
    private OutputItem? _open;
    private FinishReason _finish = FinishReason.Stop;

    public override void BeginChoice(AnswerEvents events, int choice)
    {
        WriteResponse(events, "response.created", new ResponseState("in_progress", [], null));
        WriteResponse(events, "response.in_progress", new ResponseState("in_progress", [], null));
    }

    public override void WriteStep(AnswerEvents events, AnswerStep step)
    {
        if (step.Text.Length > 0 || step.Tokens.Count > 0)
        {
            WriteText(events, step);
        }

        if (step.Call is { } piece)
        {
            WriteCall(events, piece);
        }

        _finish = step.Finish ?? _finish;
    }

    public override void End(AnswerEvents events, Units units)
    {
        if (_output.Count == 0)
        {
            Open(events, new OutputItem(Id("msg")));
        }

        var status = StatusOf(_finish);
        Close(events, status);
        WriteResponse(events, $"response.{status}", new ResponseState(status, _output, units));
    }

    public override void Fail(AnswerEvents events, OpenAiError error)
    {
        _open?.Status = "incomplete";
        WriteResponse(events, "response.failed", new ResponseState("failed", _output, null) { Error = error });
    }

    public override void WriteWhole(Utf8JsonWriter json, IReadOnlyList<WholeChoice> choices, Units units)
    {
        var choice = choices[0];
        var status = StatusOf(choice.Finish);
        if (choice.Text.Length > 0 || choice.Calls.Count == 0)
        {
            var message = new OutputItem(Id("msg"));
            message.Add(choice.Text, choice.Tokens);
            _output.Add(message);
        }

        foreach (var call in choice.Calls)
        {
            var item = new OutputItem(Id("fc"), call.Id, call.Name);
            item.Add(call.Arguments, []);
            _output.Add(item);
        }

        foreach (var (index, item) in _output.Index())
        {
            item.Status = index == _output.Count - 1 ? status : "completed";
        }

        _writer.Write(json, new ResponseState(status, _output, units));
    }

    private static string StatusOf(FinishReason finish) => finish == FinishReason.Length ? "incomplete" : "completed";

    private string Id(string kind) => ResponseIds.OfOutput(kind, Head.Id, _output.Count);

    private void WriteText(AnswerEvents events, AnswerStep step)
    {
        if (_open is not { CallId: null })
        {
            Close(events, "completed");
            Open(events, new OutputItem(Id("msg")));
        }

        _open!.Add(step.Text, step.Tokens);
        WriteOfItem(events, "response.output_text.delta", (Writer: _writer, step), static (state, json) =>
        {
            json.WriteNumber("content_index", 0);
            json.WriteString("delta", state.step.Text);
            state.Writer.WriteLogprobs(json, state.step.Tokens);
        });
    }

    private void WriteCall(AnswerEvents events, CallPiece piece)
    {
        if (piece.IsFirst)
        {
            Close(events, "completed");
            Open(events, new OutputItem(Id("fc"), piece.Id, piece.Name));
        }

        if (piece.Arguments.Length > 0)
        {
            _open!.Add(piece.Arguments, []);
            WriteOfItem(
                events, "response.function_call_arguments.delta", piece.Arguments,
                static (delta, json) => json.WriteString("delta", delta));
        }

        if (piece.IsLast)
        {
            Close(events, "completed");
        }
    }

    private void Open(AnswerEvents events, OutputItem item)
    {
        _output.Add(item);
        _open = item;
        WriteItem(events, "response.output_item.added");
        if (item.CallId is null)
        {
            WritePart(events, "response.content_part.added");
        }
    }

    /// <summary>Writes the end of the open item, if one is.</summary>
    private void Close(AnswerEvents events, string status)
    {
        if (_open is not { } item)
        {
            return;
        }

        if (item.CallId is null)
        {
            WriteOfItem(events, "response.output_text.done", (Writer: _writer, item), static (state, json) =>
            {
                json.WriteNumber("content_index", 0);
                json.WriteString("text", state.item.Text);
                state.Writer.WriteLogprobs(json, state.item.Tokens);
            });
            WritePart(events, "response.content_part.done");
        }
        else
        {
            WriteOfItem(events, "response.function_call_arguments.done", item, static (item, json) =>
            {
                json.WriteString("name", item.Name);
                json.WriteString("arguments", item.Text);
            });
        }

        item.Status = status;
        WriteItem(events, "response.output_item.done");
        _open = null;
    }

    private void WriteItem(AnswerEvents events, string type) => Write(
        events, type, (Format: this, Item: _open!), static (state, json) =>
        {
            json.WriteNumber("output_index", state.Format._output.Count - 1);
            json.WritePropertyName("item");
            state.Format._writer.WriteItem(json, state.Item);
        });

    private void WritePart(AnswerEvents events, string type) => WriteOfItem(
        events, type, (Writer: _writer, Item: _open!), static (state, json) =>
        {
            json.WriteNumber("content_index", 0);
            json.WritePropertyName("part");
            state.Writer.WritePart(json, state.Item);
        });

    /// <summary>Writes an event of the open item.</summary>
    private void WriteOfItem<TState>(AnswerEvents events, string type, TState state, Action<TState, Utf8JsonWriter> write) => Write(
        events, type, (_open!.Id, Index: _output.Count - 1, state, write), static (item, json) =>
        {
            json.WriteString("item_id", item.Id);
            json.WriteNumber("output_index", item.Index);
            item.write(item.state, json);
        });

    private void WriteResponse(AnswerEvents events, string type, ResponseState state) => Write(
        events, type, (Writer: _writer, state), static (response, json) =>
        {
            json.WritePropertyName("response");
            response.Writer.Write(json, response.state);
        });

    /// <summary>Writes an event with its number, which counts the events of the stream from 0.</summary>
    private static void Write<TState>(AnswerEvents events, string type, TState state, Action<TState, Utf8JsonWriter> write) => events.Write(
        type, (type, Number: events.Count, state, write), static (line, json) =>
        {
            json.WriteStartObject();
            json.WriteString("type", line.type);
            json.WriteNumber("sequence_number", line.Number);
            line.write(line.state, json);
            json.WriteEndObject();
        });
}
