using System.Text.Json;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Generation;

namespace Tollgate.Inference.Tasks.Chat;

/// <summary>
/// Anthropic's <c>message</c>, whole and as named events. A stream's blocks follow each other: one ends before the next begins, none is
/// empty, and their indexes have no gaps.
/// </summary>
internal sealed class MessagesFormat(AnswerHead head) : AnswerFormat(head)
{
    public const string IdPrefix = "msg_";

    private Block _open;
    private int _index = -1;
    private bool _called;
    private FinishReason _finish = FinishReason.Stop;
    private string? _stoppedBy;

    /// <summary>What the block is that has begun and not ended.</summary>
    private enum Block
    {
        None = 0,
        Text,
        Call,
    }

    public override void BeginChoice(AnswerEvents events, int choice) => events.Write("message_start", this, static (format, json) =>
    {
        json.WriteStartObject();
        json.WriteString("type", "message_start");
        json.WriteStartObject("message");
        format.WriteHead(json);
        json.WriteStartArray("content");
        json.WriteEndArray();
        WriteStop(json, null, null);
        WriteUsage(json, format.Head.Prompt with { Output = 0 });
        json.WriteEndObject();
        json.WriteEndObject();
    });

    public override void WriteStep(AnswerEvents events, AnswerStep step)
    {
        if (step.Text.Length > 0)
        {
            Enter(events, Block.Text, call: null);
            WriteDelta(events, "text_delta", "text", step.Text);
        }

        if (step.Call is { } call)
        {
            if (call.IsFirst)
            {
                Enter(events, Block.Call, call);
            }

            if (call.Arguments.Length > 0)
            {
                WriteDelta(events, "input_json_delta", "partial_json", call.Arguments);
            }

            if (call.IsLast)
            {
                Leave(events);
            }
        }

        (_finish, _stoppedBy) = (step.Finish ?? _finish, step.StoppedBy ?? _stoppedBy);
    }

    public override void End(AnswerEvents events, Units units)
    {
        Leave(events);
        events.Write("message_delta", (this, units), static (state, json) =>
        {
            json.WriteStartObject();
            json.WriteString("type", "message_delta");
            json.WriteStartObject("delta");
            json.WriteNull("container");
            var format = state.Item1;
            WriteStop(json, ReasonOf(format._finish, format._stoppedBy, format._called), format._stoppedBy);
            json.WriteEndObject();
            json.WriteStartObject("usage");
            WriteCounts(json, state.units);
            json.WriteEndObject();
            json.WriteEndObject();
        });
        events.Write("message_stop", this, static (_, json) =>
        {
            json.WriteStartObject();
            json.WriteString("type", "message_stop");
            json.WriteEndObject();
        });
    }

    public override void Fail(AnswerEvents events, OpenAiError error) => events.Write(
        "error", (error, Id: $"req_{Head.Id[IdPrefix.Length..]}"),
        static (state, json) => AnthropicErrors.Write(json, state.error, state.Id));

    public override void WriteWhole(Utf8JsonWriter json, IReadOnlyList<WholeChoice> choices, Units units)
    {
        var choice = choices[0];
        var calls = choice.Calls.Where(static call => ReadInput(call) is not null).ToList();

        // A tool's input must be an object. A call without one is shown as the text that it is, so that nobody runs it.
        var text = choice.Text + string.Concat(choice.Calls.Except(calls).Select(static call => $"{call.Name} {call.Arguments}"));
        json.WriteStartObject();
        WriteHead(json);
        json.WriteStartArray("content");
        if (text.Length > 0)
        {
            WriteText(json, text);
        }

        foreach (var call in calls)
        {
            WriteCall(json, call.Id, call.Name, ReadInput(call));
        }

        json.WriteEndArray();
        WriteStop(json, ReasonOf(choice.Finish, choice.StoppedBy, calls.Count > 0), choice.StoppedBy);
        WriteUsage(json, units);
        json.WriteEndObject();
    }

    private void WriteHead(Utf8JsonWriter json)
    {
        json.WriteString("id", Head.Id);
        json.WriteString("type", "message");
        json.WriteString("role", "assistant");
        json.WriteString("model", Head.Model);
        json.WriteNull("container");
        json.WriteNull("diagnostics");
    }

    /// <summary>Begins a block, unless it is text that goes on.</summary>
    private void Enter(AnswerEvents events, Block block, CallPiece? call)
    {
        if (_open == block && block == Block.Text)
        {
            return;
        }

        Leave(events);
        (_open, _called) = (block, _called || block == Block.Call);
        _index++;
        events.Write("content_block_start", (_index, call), static (state, json) =>
        {
            json.WriteStartObject();
            json.WriteString("type", "content_block_start");
            json.WriteNumber("index", state._index);
            json.WritePropertyName("content_block");
            if (state.call is { } call)
            {
                WriteCall(json, call.Id, call.Name, input: null);
            }
            else
            {
                WriteText(json, "");
            }

            json.WriteEndObject();
        });
    }

    /// <summary>Ends the block that has begun, if there is one.</summary>
    private void Leave(AnswerEvents events)
    {
        if (_open == Block.None)
        {
            return;
        }

        _open = Block.None;
        events.Write("content_block_stop", _index, static (index, json) =>
        {
            json.WriteStartObject();
            json.WriteString("type", "content_block_stop");
            json.WriteNumber("index", index);
            json.WriteEndObject();
        });
    }

    private void WriteDelta(AnswerEvents events, string type, string member, string text) => events.Write(
        "content_block_delta", (_index, type, member, text), static (state, json) =>
        {
            json.WriteStartObject();
            json.WriteString("type", "content_block_delta");
            json.WriteNumber("index", state._index);
            json.WriteStartObject("delta");
            json.WriteString("type", state.type);
            json.WriteString(state.member, state.text);
            json.WriteEndObject();
            json.WriteEndObject();
        });

    private static void WriteText(Utf8JsonWriter json, string text)
    {
        json.WriteStartObject();
        json.WriteString("type", "text");
        json.WriteString("text", text);
        json.WriteNull("citations");
        json.WriteEndObject();
    }

    /// <param name="input">Null for an empty object.</param>
    private static void WriteCall(Utf8JsonWriter json, string id, string name, JsonElement? input)
    {
        json.WriteStartObject();
        json.WriteString("type", "tool_use");
        json.WriteString("id", id);
        json.WriteString("name", name);
        json.WritePropertyName("input");
        if (input is { } value)
        {
            value.WriteTo(json);
        }
        else
        {
            json.WriteStartObject();
            json.WriteEndObject();
        }

        json.WriteStartObject("caller");
        json.WriteString("type", "direct");
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>The input of a call; null where its arguments are no JSON object.</summary>
    private static JsonElement? ReadInput(ToolCall call)
    {
        try
        {
            var input = JsonElement.Parse(call.Arguments.Length == 0 ? "{}" : call.Arguments);
            return input.ValueKind == JsonValueKind.Object ? input : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string ReasonOf(FinishReason reason, string? stoppedBy, bool called) => reason switch
    {
        FinishReason.Length => "max_tokens",
        FinishReason.ToolCalls when called => "tool_use",
        _ => stoppedBy is null ? "end_turn" : "stop_sequence",
    };

    private static void WriteStop(Utf8JsonWriter json, string? reason, string? stoppedBy)
    {
        json.WriteString("stop_reason", reason);
        json.WriteString("stop_sequence", reason == "stop_sequence" ? stoppedBy : null);
        json.WriteNull("stop_details");
    }

    private static void WriteUsage(Utf8JsonWriter json, Units units)
    {
        json.WriteStartObject("usage");
        WriteCounts(json, units);
        json.WriteStartObject("cache_creation");
        json.WriteNumber("ephemeral_5m_input_tokens", 0);
        json.WriteNumber("ephemeral_1h_input_tokens", 0);
        json.WriteEndObject();
        json.WriteNull("inference_geo");
        json.WriteString("service_tier", "standard");
        json.WriteNull("speed");
        json.WriteEndObject();
    }

    /// <summary>The counts up to now, also in the event that ends a stream: never what was added since an earlier one.</summary>
    private static void WriteCounts(Utf8JsonWriter json, Units units)
    {
        json.WriteNumber("input_tokens", units.Input);
        json.WriteNumber("cache_creation_input_tokens", 0);
        json.WriteNumber("cache_read_input_tokens", units.Cached);
        json.WriteNumber("output_tokens", units.Completion);
        json.WriteNull("output_tokens_details");
        json.WriteNull("server_tool_use");
    }
}
