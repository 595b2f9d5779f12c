using System.Text.Json;

namespace Tollgate.Contracts.Responses;

/// <summary>One item of a request's <c>input</c>.</summary>
public abstract record ResponseItem
{
    private ResponseItem()
    {
    }

    /// <summary>As the client wrote it; null without one.</summary>
    public string? Id { get; init; }

    /// <summary>What an id of such an item begins with.</summary>
    private protected abstract string Kind { get; }

    /// <summary>Writes the item as it is kept and shown.</summary>
    /// <param name="responseId">Of the response that reads it.</param>
    /// <param name="index">In the input.</param>
    public void WriteTo(Utf8JsonWriter json, string responseId, int index)
    {
        json.WriteStartObject();
        json.WriteString("id", Id ?? ResponseIds.OfInput(Kind, responseId, index));
        WriteMembers(json);
        json.WriteString("status", "completed");
        json.WriteEndObject();
    }

    private protected abstract void WriteMembers(Utf8JsonWriter json);

    /// <summary>A message.</summary>
    /// <param name="Role"><c>system</c>, <c>developer</c>, <c>user</c> or <c>assistant</c>.</param>
    /// <param name="Parts">At least one.</param>
    public sealed record Message(string Role, IReadOnlyList<TextPart> Parts) : ResponseItem
    {
        private protected override string Kind => "msg";

        private protected override void WriteMembers(Utf8JsonWriter json)
        {
            json.WriteString("type", "message");
            json.WriteString("role", Role);
            json.WriteStartArray("content");
            foreach (var part in Parts)
            {
                part.WriteTo(json);
            }

            json.WriteEndArray();
        }
    }

    /// <summary>A call of a function that a model made.</summary>
    public sealed record Call(string CallId, string Name, string Arguments) : ResponseItem
    {
        private protected override string Kind => "fc";

        private protected override void WriteMembers(Utf8JsonWriter json)
        {
            json.WriteString("type", "function_call");
            json.WriteString("call_id", CallId);
            json.WriteString("name", Name);
            json.WriteString("arguments", Arguments);
        }
    }

    /// <summary>What a function returned.</summary>
    public sealed record Result(string CallId, string Output) : ResponseItem
    {
        private protected override string Kind => "fco";

        private protected override void WriteMembers(Utf8JsonWriter json)
        {
            json.WriteString("type", "function_call_output");
            json.WriteString("call_id", CallId);
            json.WriteString("output", Output);
        }
    }

    /// <summary>An item of a response that is kept, named by its id.</summary>
    /// <param name="Member">Its place in the request, such as <c>input[0].id</c>.</param>
    public sealed record Reference(string Member) : ResponseItem
    {
        private protected override string Kind => "";

        private protected override void WriteMembers(Utf8JsonWriter json) => json.WriteString("type", "item_reference");
    }
}

/// <summary>A text of a message.</summary>
/// <param name="Type"><c>input_text</c>; of an assistant <c>output_text</c> or <c>refusal</c>.</param>
public sealed record TextPart(string Type, string Text)
{
    internal void WriteTo(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("type", Type);
        json.WriteString(Type == "refusal" ? "refusal" : "text", Text);
        if (Type == "output_text")
        {
            json.WriteStartArray("annotations");
            json.WriteEndArray();
            json.WriteStartArray("logprobs");
            json.WriteEndArray();
        }

        json.WriteEndObject();
    }
}
