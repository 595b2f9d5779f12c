using System.Text.Json;
using Tollgate.Contracts.Metering;
using Tollgate.Inference.Generation;

namespace Tollgate.Inference.Tasks.Chat;

/// <summary><c>text_completion</c>, whole and in chunks.</summary>
/// <param name="echoes">For each choice the prompt that is put before it; null without <c>echo</c>.</param>
/// <param name="logprobs">Null where none were asked for.</param>
internal sealed class CompletionFormat(AnswerHead head, CompletionLogprobs? logprobs, bool includeUsage, IReadOnlyList<string>? echoes)
    : ChunkedFormat(head, includeUsage)
{
    protected override bool HasStart => echoes is not null;

    protected override void WriteStart(Utf8JsonWriter json, int choice) =>
        WriteChunk(json, choice, echoes?[choice] ?? "", tokens: null, finish: null);

    protected override void WriteStart(Utf8JsonWriter json, AnswerStep first) => WriteChunk(
        json, first.Choice, echoes?[first.Choice] ?? "", first.PromptTokens.Count > 0 ? first.PromptTokens : null, finish: null);

    protected override void WriteDelta(Utf8JsonWriter json, AnswerStep step) =>
        WriteChunk(json, step.Choice, step.Text, step.Tokens, finish: null);

    protected override void WriteFinish(Utf8JsonWriter json, int choice, FinishReason reason) =>
        WriteChunk(json, choice, "", tokens: null, reason);

    public override void WriteWhole(Utf8JsonWriter json, IReadOnlyList<WholeChoice> choices, Units units)
    {
        json.WriteStartObject();
        WriteHead(json, "text_completion");
        json.WriteStartArray("choices");
        foreach (var choice in choices)
        {
            WriteChoice(
                json, choice.Index, (echoes?[choice.Index] ?? "") + choice.Text, [.. choice.PromptTokens, .. choice.Tokens], choice.Finish);
        }

        json.WriteEndArray();
        WriteUsage(json, units);
        json.WriteString("system_fingerprint", Head.Fingerprint);
        json.WriteEndObject();
    }

    protected override void BeginChunk(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        WriteHead(json, "text_completion");
        json.WriteString("system_fingerprint", Head.Fingerprint);
    }

    private void WriteChunk(Utf8JsonWriter json, int choice, string text, IReadOnlyList<TokenChoice>? tokens, FinishReason? finish)
    {
        BeginChunk(json);
        json.WriteStartArray("choices");
        WriteChoice(json, choice, text, tokens, finish);
        json.WriteEndArray();
        EndChunk(json);
    }

    private void WriteChoice(Utf8JsonWriter json, int choice, string text, IReadOnlyList<TokenChoice>? tokens, FinishReason? finish)
    {
        json.WriteStartObject();
        json.WriteString("text", text);
        json.WriteNumber("index", choice);
        WriteLogprobs(json, choice, tokens);
        json.WriteString("finish_reason", finish is { } reason ? Name(reason) : null);
        json.WriteEndObject();
    }

    private void WriteLogprobs(Utf8JsonWriter json, int choice, IReadOnlyList<TokenChoice>? tokens)
    {
        if (logprobs is null || tokens is null)
        {
            json.WriteNull("logprobs");
        }
        else
        {
            logprobs.Write(json, choice, tokens);
        }
    }
}
