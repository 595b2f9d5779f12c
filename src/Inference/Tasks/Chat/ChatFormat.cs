using System.Text.Json;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Generation;

namespace Tollgate.Inference.Tasks.Chat;

/// <summary><c>chat.completion</c> and <c>chat.completion.chunk</c>.</summary>
/// <param name="logprobs">Whether tokens' log-probabilities were asked for.</param>
/// <param name="asFunctions">Whether a call is written by the older member <c>function_call</c>.</param>
internal sealed class ChatFormat(AnswerHead head, bool logprobs, bool includeUsage, bool asFunctions) : ChunkedFormat(head, includeUsage)
{
    protected override bool HasStart => true;

    protected override void WriteStart(Utf8JsonWriter json, int choice)
    {
        BeginChoice(json, choice);
        json.WriteString("role", "assistant");
        json.WriteString("content", "");
        json.WriteNull("refusal");
        EndChoice(json, tokens: null, finish: null);
    }

    protected override void WriteDelta(Utf8JsonWriter json, AnswerStep step)
    {
        BeginChoice(json, step.Choice);
        if (step.Text.Length > 0 || step.Call is null)
        {
            json.WriteString("content", step.Text);
        }

        WriteCall(json, step.Call);
        EndChoice(json, step.Tokens, finish: null);
    }

    protected override void WriteFinish(Utf8JsonWriter json, int choice, FinishReason reason)
    {
        BeginChoice(json, choice);
        EndChoice(json, tokens: null, reason);
    }

    public override void WriteWhole(Utf8JsonWriter json, IReadOnlyList<WholeChoice> choices, Units units)
    {
        json.WriteStartObject();
        WriteHead(json, "chat.completion");
        json.WriteStartArray("choices");
        foreach (var choice in choices)
        {
            json.WriteStartObject();
            json.WriteNumber("index", choice.Index);
            json.WriteStartObject("message");
            json.WriteString("role", "assistant");
            json.WriteString("content", choice.Text.Length == 0 && choice.Calls.Count > 0 ? null : choice.Text);
            json.WriteNull("refusal");
            json.WriteStartArray("annotations");
            json.WriteEndArray();
            WriteCalls(json, choice.Calls);
            json.WriteEndObject();
            WriteLogprobs(json, choice.Tokens);
            json.WriteString("finish_reason", ReasonOf(choice.Finish));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        WriteUsage(json, units);
        json.WriteString("service_tier", "default");
        json.WriteString("system_fingerprint", Head.Fingerprint);
        json.WriteEndObject();
    }

    protected override void BeginChunk(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        WriteHead(json, "chat.completion.chunk");
        json.WriteString("service_tier", "default");
        json.WriteString("system_fingerprint", Head.Fingerprint);
    }

    private void BeginChoice(Utf8JsonWriter json, int choice)
    {
        BeginChunk(json);
        json.WriteStartArray("choices");
        json.WriteStartObject();
        json.WriteNumber("index", choice);
        json.WriteStartObject("delta");
    }

    private void EndChoice(Utf8JsonWriter json, IReadOnlyList<TokenChoice>? tokens, FinishReason? finish)
    {
        json.WriteEndObject();
        WriteLogprobs(json, tokens);
        json.WriteString("finish_reason", finish is { } reason ? ReasonOf(reason) : null);
        json.WriteEndObject();
        json.WriteEndArray();
        EndChunk(json);
    }

    private string ReasonOf(FinishReason reason) =>
        reason == FinishReason.ToolCalls && asFunctions ? "function_call" : Name(reason);

    private void WriteCalls(Utf8JsonWriter json, IReadOnlyList<ToolCall> calls)
    {
        if (calls.Count == 0)
        {
            return;
        }

        if (asFunctions)
        {
            WriteFunction(json, "function_call", calls[0].Name, calls[0].Arguments);
            return;
        }

        json.WriteStartArray("tool_calls");
        foreach (var call in calls)
        {
            json.WriteStartObject();
            json.WriteString("id", call.Id);
            json.WriteString("type", "function");
            WriteFunction(json, "function", call.Name, call.Arguments);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <summary>A piece of a call; its id and name stand in the first one alone.</summary>
    private void WriteCall(Utf8JsonWriter json, CallPiece? call)
    {
        if (call is null)
        {
            return;
        }

        if (asFunctions)
        {
            WriteFunction(json, "function_call", call.IsFirst ? call.Name : null, call.Arguments);
            return;
        }

        json.WriteStartArray("tool_calls");
        json.WriteStartObject();
        json.WriteNumber("index", call.Index);
        if (call.IsFirst)
        {
            json.WriteString("id", call.Id);
            json.WriteString("type", "function");
        }

        WriteFunction(json, "function", call.IsFirst ? call.Name : null, call.Arguments);
        json.WriteEndObject();
        json.WriteEndArray();
    }

    private static void WriteFunction(Utf8JsonWriter json, string member, string? name, string arguments)
    {
        json.WriteStartObject(member);
        if (name is not null)
        {
            json.WriteString("name", name);
        }

        json.WriteString("arguments", arguments);
        json.WriteEndObject();
    }

    private void WriteLogprobs(Utf8JsonWriter json, IReadOnlyList<TokenChoice>? tokens)
    {
        if (!logprobs || tokens is null)
        {
            json.WriteNull("logprobs");
            return;
        }

        json.WriteStartObject("logprobs");
        TokenLogprobs.Write(json, "content", tokens, Head.Tokenizer);
        json.WriteNull("refusal");
        json.WriteEndObject();
    }
}
