using System.Runtime.InteropServices;
using System.Text.Json;
using Tollgate.Contracts.OpenAi;
using Tollgate.Learning.Callers;

namespace Tollgate.Learning.Responses;

/// <summary>An item of a conversation: a message, a call of a tool, or what a tool returned.</summary>
/// <param name="Id">Such as <c>msg_…</c>. A client that sends an answer back as input sends its id too, so it may stand twice.</param>
internal readonly record struct ConversationItem(string Id, JsonElement Json);

/// <summary>
/// What is kept of a response: <c>{"input":[…],"response":{…}}</c>, and until one in the background has ended also
/// <c>"request":{…}</c>, as the client sent it. The input is the request's own, without the conversation that the response continues.
/// Dispose ends the elements.
/// </summary>
internal sealed class ResponseContent : IDisposable
{
    public const string Prefix = "resp_";

    /// <summary>A request may be nested 64 deep, and stands two levels deeper here.</summary>
    private static readonly JsonDocumentOptions Json = new() { MaxDepth = 128 };

    private readonly JsonDocument _document;

    private ResponseContent(JsonDocument document, string? status = null) =>
        (_document, Status) = (document, status ?? document.RootElement.GetProperty("response").GetProperty("status").GetString()!);

    /// <summary>The response as the client got it. Of one in the background whose status has changed since: as it was queued.</summary>
    public JsonElement Response => _document.RootElement.GetProperty("response");

    /// <summary>The request of a response in the background that has not ended, byte for byte.</summary>
    public ReadOnlyMemory<byte> Request => BytesOf(_document.RootElement.GetProperty("request")).ToArray();

    public string Model => Response.GetProperty("model").GetString()!;

    /// <summary>The present one.</summary>
    public string Status { get; }

    /// <summary>The response whose conversation this one continues; null for the first one.</summary>
    public Guid? PreviousId => TextOf(Response, "previous_response_id") is { } id ? PublicIds.Parse(id, Prefix) : null;

    public IEnumerable<ConversationItem> Input => ItemsOf(_document.RootElement, "input");

    public IEnumerable<ConversationItem> Output => ItemsOf(Response, "output");

    /// <summary>Bytes of all items.</summary>
    public long ItemBytes => Input.Concat(Output).Sum(item => (long)BytesOf(item.Json).Length);

    /// <summary>Reads a content that the gateway sends. Returns what is wrong with it; null when it is good.</summary>
    /// <param name="id">Of the response.</param>
    /// <param name="withRequest">Whether it must have the request.</param>
    public static OpenAiError? TryRead(ReadOnlyMemory<byte> json, Guid id, out ResponseContent? content, bool withRequest = false)
    {
        content = null;
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(json, Json);
        }
        catch (JsonException exception)
        {
            return OpenAiError.MalformedJson(exception.LineNumber, exception.BytePositionInLine);
        }

        if ((Refuse(document.RootElement, id) ?? (withRequest ? RefuseRequest(document.RootElement) : null)) is { } refusal)
        {
            document.Dispose();
            return refusal;
        }

        content = new ResponseContent(document);
        return null;
    }

    /// <summary>Reads a content that was kept.</summary>
    /// <param name="status">The present one; null for that of the content.</param>
    public static ResponseContent Read(ReadOnlyMemory<byte> json, string? status = null) => new(JsonDocument.Parse(json, Json), status);

    /// <summary>The response with its present status.</summary>
    public byte[] Show() => TextOf(Response, "status") == Status
        ? BytesOf(Response).ToArray()
        : Utf8Json.Write(this, static (content, json) => BackgroundAnswer.Rewrite(json, content.Response, (name, writer) =>
        {
            if (name == "status")
            {
                writer.WriteStringValue(content.Status);
            }

            return name == "status";
        }));

    /// <summary>The UTF-8 of an element.</summary>
    public static ReadOnlySpan<byte> BytesOf(JsonElement element) => JsonMarshal.GetRawUtf8Value(element);

    public void Dispose() => _document.Dispose();

    /// <summary>Whether an element has what every kept response has, with an id as they are made here.</summary>
    public static bool IsResponse(JsonElement response) =>
        response.ValueKind == JsonValueKind.Object && AreItems(response, "output")
        && TextOf(response, "id") is { } id && PublicIds.TryParse(id, Prefix, out _)
        && TextOf(response, "model") is not null && TextOf(response, "status") is not null;

    private static OpenAiError? Refuse(JsonElement root, Guid id)
    {
        if (root.ValueKind != JsonValueKind.Object || !AreItems(root, "input"))
        {
            return OpenAiError.InvalidValue("input", "an array of items with ids");
        }

        if (!root.TryGetProperty("response", out var response) || response.ValueKind != JsonValueKind.Object)
        {
            return OpenAiError.InvalidValue("response", "an object");
        }

        return !AreItems(response, "output") ? OpenAiError.InvalidValue("response.output", "an array of items with ids")
            : TextOf(response, "id") != $"{Prefix}{id:N}" ? OpenAiError.InvalidValue("response.id", "the id of the path")
            : TextOf(response, "model") is null ? OpenAiError.InvalidValue("response.model", "a string")
            : TextOf(response, "status") is null ? OpenAiError.InvalidValue("response.status", "a string")
            : TextOf(response, "previous_response_id") is { } previous && !PublicIds.TryParse(previous, Prefix, out _)
                ? OpenAiError.InvalidValue("response.previous_response_id", "the id of a response")
                : null;
    }

    private static OpenAiError? RefuseRequest(JsonElement root) =>
        root.TryGetProperty("request", out var request) && request.ValueKind == JsonValueKind.Object
            ? null : OpenAiError.InvalidValue("request", "an object");

    private static bool AreItems(JsonElement parent, string member) =>
        parent.TryGetProperty(member, out var items) && items.ValueKind == JsonValueKind.Array
        && items.EnumerateArray().All(item => item.ValueKind == JsonValueKind.Object && TextOf(item, "id") is not null);

    private static IEnumerable<ConversationItem> ItemsOf(JsonElement parent, string member) =>
        parent.GetProperty(member).EnumerateArray().Select(item => new ConversationItem(TextOf(item, "id")!, item));

    private static string? TextOf(JsonElement parent, string member) =>
        parent.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
