using System.Text.Json;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Generation;

namespace Tollgate.Inference.Tasks.Chat;

/// <summary>Answers whose streams are unnamed chunks of one kind and end with <c>[DONE]</c>.</summary>
/// <param name="includeUsage">Whether each chunk names <c>usage</c>, and one more chunk carries it.</param>
internal abstract class ChunkedFormat(AnswerHead head, bool includeUsage) : AnswerFormat(head)
{
    /// <summary>Whether a choice begins with a chunk before its first token.</summary>
    protected abstract bool HasStart { get; }

    protected abstract void WriteStart(Utf8JsonWriter json, int choice);

    protected abstract void WriteDelta(Utf8JsonWriter json, AnswerStep step);

    protected abstract void WriteFinish(Utf8JsonWriter json, int choice, FinishReason reason);

    /// <summary>Writes the chunk before the first token of a choice, whose first step is known.</summary>
    protected virtual void WriteStart(Utf8JsonWriter json, AnswerStep first) => WriteStart(json, first.Choice);

    public sealed override void BeginChoice(AnswerEvents events, int choice)
    {
        if (HasStart)
        {
            events.Write((this, choice), static (state, json) => state.Item1.WriteStart(json, state.choice));
        }
    }

    public sealed override void BeginChoice(AnswerEvents events, AnswerStep first)
    {
        if (HasStart)
        {
            events.Write((this, first), static (state, json) => state.Item1.WriteStart(json, state.first));
        }
    }

    public sealed override void WriteStep(AnswerEvents events, AnswerStep step)
    {
        if (step.Text.Length > 0 || step.Tokens.Count > 0 || step.Call is not null)
        {
            events.Write((this, step), static (state, json) => state.Item1.WriteDelta(json, state.step));
        }

        if (step.Finish is { } reason)
        {
            events.Write((this, step.Choice, reason), static (state, json) => state.Item1.WriteFinish(json, state.Choice, state.reason));
        }
    }

    public sealed override void End(AnswerEvents events, Units units)
    {
        if (includeUsage)
        {
            events.Write((this, units), static (state, json) => state.Item1.WriteUsageChunk(json, state.units));
        }

        events.WriteDone();
    }

    public sealed override void Fail(AnswerEvents events, OpenAiError error) =>
        events.Write(error, static (error, json) => error.WriteTo(json));

    private void WriteUsageChunk(Utf8JsonWriter json, Units units)
    {
        BeginChunk(json);
        json.WriteStartArray("choices");
        json.WriteEndArray();
        WriteUsage(json, units);
        json.WriteEndObject();
    }

    protected static string Name(FinishReason reason) => reason switch
    {
        FinishReason.Stop => "stop",
        FinishReason.ToolCalls => "tool_calls",
        _ => "length",
    };

    protected static void WriteUsage(Utf8JsonWriter json, Units units)
    {
        json.WriteStartObject("usage");
        json.WriteNumber("prompt_tokens", units.Prompt);
        json.WriteNumber("completion_tokens", units.Completion);
        json.WriteNumber("total_tokens", units.Prompt + units.Completion);
        json.WriteStartObject("prompt_tokens_details");
        json.WriteNumber("cached_tokens", units.Cached);
        json.WriteNumber("audio_tokens", 0);
        json.WriteEndObject();
        json.WriteStartObject("completion_tokens_details");
        json.WriteNumber("reasoning_tokens", units.Reasoning);
        json.WriteNumber("audio_tokens", 0);
        json.WriteNumber("accepted_prediction_tokens", 0);
        json.WriteNumber("rejected_prediction_tokens", 0);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>Opens a chunk and writes what all chunks have.</summary>
    protected abstract void BeginChunk(Utf8JsonWriter json);

    protected void WriteHead(Utf8JsonWriter json, string kind)
    {
        json.WriteString("id", Head.Id);
        json.WriteString("object", kind);
        json.WriteNumber("created", Head.CreatedAt);
        json.WriteString("model", Head.Model);
    }

    /// <summary>Closes a chunk. Where usage is wanted, every chunk but the last has a null for it.</summary>
    protected void EndChunk(Utf8JsonWriter json)
    {
        if (includeUsage)
        {
            json.WriteNull("usage");
        }

        json.WriteEndObject();
    }
}
