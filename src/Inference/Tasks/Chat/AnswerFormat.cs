using System.Text.Json;
using Tollgate.Contracts.Metering;
using Tollgate.Inference.Generation;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Inference.Tasks.Chat;

/// <summary>The members that every object of one answer repeats.</summary>
/// <param name="Id">Such as <c>chatcmpl-0195…</c>.</param>
/// <param name="CreatedAt">Unix seconds.</param>
/// <param name="Fingerprint">Of model and runtime, such as <c>fp_0123456789</c>.</param>
internal sealed record AnswerHead(string Id, long CreatedAt, string Model, string Fingerprint, ITokenizer Tokenizer);

/// <summary>One finished choice of an answer that is sent whole.</summary>
internal sealed record WholeChoice(int Index, string Text, IReadOnlyList<TokenChoice> Tokens, FinishReason Finish);

/// <summary>The JSON of one endpoint's answers, whole and in chunks.</summary>
internal abstract class AnswerFormat(AnswerHead head, bool includeUsage)
{
    /// <summary>Log-probabilities below this are written as this, since JSON has no infinity.</summary>
    private const float LowestLogprob = -9999;

    protected AnswerHead Head { get; } = head;

    /// <summary>Whether each chunk names <c>usage</c>, and one more chunk carries it.</summary>
    public bool IncludeUsage { get; } = includeUsage;

    /// <summary>Whether a choice begins with a chunk before its first token.</summary>
    public abstract bool HasStart { get; }

    public abstract void WriteStart(Utf8JsonWriter json, int choice);

    public abstract void WriteDelta(Utf8JsonWriter json, GenerationEvent step);

    public abstract void WriteFinish(Utf8JsonWriter json, int choice, FinishReason reason);

    /// <summary>Writes an answer that is sent whole.</summary>
    public abstract void WriteWhole(Utf8JsonWriter json, IReadOnlyList<WholeChoice> choices, Units units);

    /// <summary>Writes the chunk that carries the usage.</summary>
    public void WriteUsageChunk(Utf8JsonWriter json, Units units)
    {
        BeginChunk(json);
        json.WriteStartArray("choices");
        json.WriteEndArray();
        WriteUsage(json, units);
        json.WriteEndObject();
    }

    protected static string Name(FinishReason reason) => reason == FinishReason.Stop ? "stop" : "length";

    /// <summary>A log-probability as JSON can hold it.</summary>
    internal static float Bounded(float logprob) => Math.Max(logprob, LowestLogprob);

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
        if (IncludeUsage)
        {
            json.WriteNull("usage");
        }

        json.WriteEndObject();
    }
}
