using System.Text;
using System.Text.Json;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Responses;
using Tollgate.Inference.Generation;

namespace Tollgate.Inference.Tasks.Chat;

/// <summary>An item of a response's output while it grows: a message, or a call of a function.</summary>
/// <param name="callId">Null for a message.</param>
internal sealed class OutputItem(string id, string? callId = null, string name = "")
{
    private readonly StringBuilder _text = new();
    private readonly List<TokenChoice> _tokens = [];

    public string Id => id;

    public string? CallId => callId;

    /// <summary>Of the function.</summary>
    public string Name => name;

    /// <summary>Of the message, or the arguments of the call.</summary>
    public string Text => _text.ToString();

    /// <summary>Those of the text, when log-probabilities were asked for.</summary>
    public IReadOnlyList<TokenChoice> Tokens => _tokens;

    public string Status { get; set; } = "in_progress";

    public void Add(string text, IReadOnlyList<TokenChoice> tokens)
    {
        _text.Append(text);
        _tokens.AddRange(tokens);
    }
}

/// <summary>Where a response stands.</summary>
/// <param name="Status"><c>in_progress</c>, <c>completed</c>, <c>incomplete</c> or <c>failed</c>.</param>
/// <param name="Units">Null until it has ended well.</param>
internal sealed record ResponseState(string Status, IReadOnlyList<OutputItem> Output, Units? Units)
{
    /// <summary>Of a failed one.</summary>
    public OpenAiError? Error { get; init; }
}

/// <summary>Writes responses with their items.</summary>
internal sealed class ResponseWriter(AnswerHead head, ResponsesRequest request)
{
    public void Write(Utf8JsonWriter json, ResponseState state)
    {
        var facts = new ResponseFacts(head.Id, head.CreatedAt, head.Model, state.Status)
        {
            CompletedAt = state.Status == "completed" ? head.Clock.GetUtcNow().ToUnixTimeSeconds() : null,
            Units = state.Units,
            Error = state.Error,
        };
        ResponseObject.Write(json, request, facts, output =>
        {
            foreach (var item in state.Output)
            {
                WriteItem(output, item);
            }
        });
    }

    public void WriteItem(Utf8JsonWriter json, OutputItem item)
    {
        json.WriteStartObject();
        json.WriteString("id", item.Id);
        if (item.CallId is null)
        {
            json.WriteString("type", "message");
            json.WriteString("status", item.Status);
            json.WriteString("role", "assistant");
            json.WriteStartArray("content");
            if (item.Status != "in_progress")
            {
                WritePart(json, item);
            }

            json.WriteEndArray();
        }
        else
        {
            json.WriteString("type", "function_call");
            json.WriteString("status", item.Status);
            json.WriteString("call_id", item.CallId);
            json.WriteString("name", item.Name);
            json.WriteString("arguments", item.Text);
        }

        json.WriteEndObject();
    }

    /// <summary>The one part of a message.</summary>
    public void WritePart(Utf8JsonWriter json, OutputItem item)
    {
        json.WriteStartObject();
        json.WriteString("type", "output_text");
        json.WriteStartArray("annotations");
        json.WriteEndArray();
        WriteLogprobs(json, item.Tokens);
        json.WriteString("text", item.Text);
        json.WriteEndObject();
    }

    public void WriteLogprobs(Utf8JsonWriter json, IReadOnlyList<TokenChoice> tokens) =>
        TokenLogprobs.Write(json, "logprobs", tokens, head.Tokenizer);
}
