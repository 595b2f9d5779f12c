using System.Text;
using System.Text.Json;
using Tollgate.Contracts.Metering;
using Tollgate.Inference.Generation;

namespace Tollgate.Inference.Tasks.Chat;

/// <summary><c>chat.completion</c> and <c>chat.completion.chunk</c>.</summary>
internal sealed class ChatFormat(AnswerHead head, bool logprobs, bool includeUsage) : AnswerFormat(head, includeUsage)
{
    public override bool HasStart => true;

    public override void WriteStart(Utf8JsonWriter json, int choice)
    {
        BeginChoice(json, choice);
        json.WriteString("role", "assistant");
        json.WriteString("content", "");
        json.WriteNull("refusal");
        EndChoice(json, tokens: null, finish: null);
    }

    public override void WriteDelta(Utf8JsonWriter json, GenerationEvent step)
    {
        BeginChoice(json, step.Choice);
        json.WriteString("content", step.Text);
        EndChoice(json, step.Tokens, finish: null);
    }

    public override void WriteFinish(Utf8JsonWriter json, int choice, FinishReason reason)
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
            json.WriteString("content", choice.Text);
            json.WriteNull("refusal");
            json.WriteStartArray("annotations");
            json.WriteEndArray();
            json.WriteEndObject();
            WriteLogprobs(json, choice.Tokens);
            json.WriteString("finish_reason", Name(choice.Finish));
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
        json.WriteString("finish_reason", finish is { } reason ? Name(reason) : null);
        json.WriteEndObject();
        json.WriteEndArray();
        EndChunk(json);
    }

    private void WriteLogprobs(Utf8JsonWriter json, IReadOnlyList<TokenChoice>? tokens)
    {
        if (!logprobs || tokens is null)
        {
            json.WriteNull("logprobs");
            return;
        }

        json.WriteStartObject("logprobs");
        json.WriteStartArray("content");
        foreach (var token in tokens)
        {
            json.WriteStartObject();
            WriteToken(json, new TokenLogprob(token.Token, token.Logprob));
            json.WriteStartArray("top_logprobs");
            foreach (var best in token.Best)
            {
                json.WriteStartObject();
                WriteToken(json, best);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteNull("refusal");
        json.WriteEndObject();
    }

    private void WriteToken(Utf8JsonWriter json, TokenLogprob token)
    {
        json.WriteString("token", Encoding.UTF8.GetString(Head.Tokenizer.TokenBytes(token.Token)));
        json.WriteNumber("logprob", Bounded(token.Logprob));
        json.WriteStartArray("bytes");
        foreach (var value in Head.Tokenizer.TokenBytes(token.Token))
        {
            json.WriteNumberValue(value);
        }

        json.WriteEndArray();
    }
}
