using System.Text;
using System.Text.Json;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Contracts.Responses;

/// <summary>
/// <c>POST /v1/responses</c>. A client may send what is new in a conversation alone and name the response before it, or an item of one. A
/// gateway then completes the request: the body that a worker gets has the whole conversation in <c>input</c>.
/// </summary>
public sealed partial record ResponsesRequest : ConversationRequest
{
    /// <summary>A system message for this answer alone, in front of the conversation; null for none.</summary>
    public string? Instructions { get; init; }

    /// <summary>The response whose conversation goes on; null for a new one.</summary>
    public string? PreviousResponseId { get; init; }

    /// <summary>Whether the response is kept; null where the client leaves it open.</summary>
    public bool? Store { get; init; }

    /// <summary>Whether the answer is the response that waits, which runs later and is read by its id. Then it is neither streamed nor
    /// without <see cref="Store"/>.</summary>
    public bool Background { get; init; }

    /// <summary>The items of <c>input</c>, without reasoning.</summary>
    public required IReadOnlyList<ResponseItem> Items { get; init; }

    /// <summary>Results of functions whose call does not stand before them in <c>input</c>: their place and their <c>call_id</c>.</summary>
    public required IReadOnlyList<(string Member, string CallId)> Unmatched { get; init; }

    public required ResponseSettings Settings { get; init; }

    public override string MessagesMember => "input";

    public override string FormatMember => "text.format";

    public override string? CapMember => "max_output_tokens";

    /// <summary>Items that are named by their id alone.</summary>
    public IEnumerable<ResponseItem.Reference> References => Items.OfType<ResponseItem.Reference>();

    /// <summary>Values of <c>input</c> and <c>store</c>, null or not; length 0 for an absent one.</summary>
    private (ByteRange Input, ByteRange Store) Ranges { get; init; }

    /// <summary>Why the request cannot run as it is: it names an item, or has the result of a call, that its <c>input</c> does not have.
    /// Null when it can.</summary>
    public OpenAiError? FindGap() =>
        References.FirstOrDefault() is { } reference
            ? OpenAiError.InvalidValue(reference.Member, "the id of an item that is kept", $"'{OpenAiError.Shorten(reference.Id!)}'")
            : Unmatched is [var first, ..] ? Unanswered(first) : null;

    /// <summary>Why a conversation that was put together is not whole, in terms of this request, from which it was made; null when it is.
    /// </summary>
    /// <param name="whole">This request with the whole conversation.</param>
    public OpenAiError? FindGap(ResponsesRequest whole)
    {
        var missing = whole.Unmatched.Select(result => result.CallId).ToHashSet(StringComparer.Ordinal);
        foreach (var result in Unmatched)
        {
            if (missing.Contains(result.CallId))
            {
                return Unanswered(result);
            }
        }

        return whole.FindGap();
    }

    /// <summary>The items of <c>input</c> as they are kept: a JSON array.</summary>
    /// <param name="responseId">Of the response that reads them.</param>
    /// <param name="find">Gives the items that <see cref="References"/> name.</param>
    public byte[] WriteItems(string responseId, Func<ResponseItem.Reference, JsonElement> find) =>
        Utf8Json.Write((Items, responseId, find), static (state, json) =>
        {
            json.WriteStartArray();
            foreach (var (index, item) in state.Items.Index())
            {
                if (item is ResponseItem.Reference reference)
                {
                    state.find(reference).WriteTo(json);
                }
                else
                {
                    item.WriteTo(json, state.responseId, index);
                }
            }

            json.WriteEndArray();
        });

    /// <summary>The body with another <c>input</c>, and with <c>store</c> as it is decided.</summary>
    /// <param name="body">The bytes from which this request was parsed.</param>
    /// <param name="input">A JSON array; null leaves the client's.</param>
    public byte[] Complete(ReadOnlyMemory<byte> body, byte[]? input, bool store)
    {
        var inserted = new StringBuilder();
        List<Splice> splices = [];
        Put(Ranges.Store, "store", store ? "true" : "false");
        if (input is not null)
        {
            Put(Ranges.Input, "input", Encoding.UTF8.GetString(input));
        }

        splices.Add(new Splice(new ByteRange(Edits.ObjectStart, 0), inserted.ToString()));
        splices.Sort(static (left, right) => left.Range.Start.CompareTo(right.Range.Start));
        return Join(body.Span, [.. splices]);

        void Put(ByteRange range, string name, string value)
        {
            if (range.Length > 0)
            {
                splices.Add(new Splice(range, value));
                return;
            }

            inserted.Append('"').Append(name).Append("\":").Append(value).Append(',');
        }
    }

    private static OpenAiError Unanswered((string Member, string CallId) result) => OpenAiError.InvalidValue(
        result.Member, "the id of a call that the model made earlier in this conversation", $"'{OpenAiError.Shorten(result.CallId)}'");
}
