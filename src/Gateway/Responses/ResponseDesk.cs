using System.Text.Json;
using Microsoft.Extensions.Logging;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Responses;
using Tollgate.Gateway.Authentication;
using Tollgate.Gateway.Calls;
using Tollgate.Gateway.Idempotency;
using Tollgate.Gateway.Telemetry;

namespace Tollgate.Gateway.Responses;

/// <summary>
/// Puts the conversation in front of what a request adds to it, and keeps the response that comes of it. What a worker gets is the whole
/// conversation; what is kept is the request's own items and the response. Thread-safe.
/// </summary>
internal sealed partial class ResponseDesk(
    ResponseStore store, GatewayMetrics metrics, TimeProvider clock, ILogger<ResponseDesk> logger)
{
    /// <summary>Most responses whose items one request may name: each is read by itself.</summary>
    public const int MostReferenced = 100;

    /// <summary>How the requests of a call are completed.</summary>
    public RequestCompletion CompletionOf(ApiCall call) => (caller, requestId, request, body, cancellationToken) =>
        CompleteAsync(call, caller, requestId, (ResponsesRequest)request, body, cancellationToken);

    private async ValueTask<OrRefusal<CompletedRequest>> CompleteAsync(
        ApiCall call, Caller caller, Guid requestId, ResponsesRequest asked, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        if (asked.Background && call is { IsInternal: true, Background: null })
        {
            return OpenAiError.UnsupportedParameter("background", "cannot be true in a batch, which is not waited for either");
        }

        if (!(await DecideAsync(caller, asked, cancellationToken)).TryGet(out var keeping, out var refusal)
            || !(await ReadAsync(caller, asked, cancellationToken)).TryGet(out var earlier, out refusal))
        {
            return refusal;
        }

        var own = OwnItems(requestId);
        var (whole, bytes) = (asked, body);
        if (earlier.ChangesInput || keeping.IsKept != (asked.Store ?? true))
        {
            bytes = asked.Complete(body, earlier.ChangesInput ? Concatenate(earlier.Items.Span, own) : null, keeping.IsKept);
            if (!ResponsesRequest.TryParse(bytes, out whole, out var invalid))
            {
                return invalid;
            }
        }

        if (asked.FindGap(whole) is { } gap)
        {
            return gap;
        }

        var sent = asked.Background ? body.ToArray() : []; // The body's buffer does not outlive this call.

        // What runs in the background is kept by the service that asks for it.
        return new CompletedRequest(whole, bytes)
        {
            Keeper = keeping.IsKept && !asked.Background ? last => KeepAsync(caller, requestId, own, last, asked.Stream) : null,
            Queue = asked.Background && call.Background is null ? QueueAsync : null,
        };

        byte[] OwnItems(Guid id) => asked.WriteItems(ResponseIds.Of(id), reference => earlier.Referenced[reference.Id!]);

        Task<OrRefusal<byte[]>> QueueAsync(Caller newest, WorkerBody ready, IdempotentRequest? idempotent, CancellationToken leaving)
        {
            var id = idempotent is null ? requestId : IdOf(idempotent);
            return store.QueueAsync(
                newest, ResponseIds.Of(id), WriteQueued(id, OwnItems(id), sent, ready), idempotent?.Claim.Fingerprint, leaving);
        }
    }

    private async ValueTask<OrRefusal<Keeping>> DecideAsync(Caller caller, ResponsesRequest asked, CancellationToken cancellationToken) =>
        !asked.Background ? await store.DecideAsync(caller, asked.Store, cancellationToken)
            : await store.RefuseBackgroundAsync(caller, cancellationToken) is { } refusal ? refusal : Keeping.Yes;

    /// <summary>The response that every request with the same <c>Idempotency-Key</c> makes: a UUIDv8 of the key's hash.</summary>
    private static Guid IdOf(IdempotentRequest idempotent)
    {
        var bytes = idempotent.Names[0].KeyHash.AsSpan(0, 16).ToArray();
        (bytes[6], bytes[8]) = ((byte)((bytes[6] & 0x0F) | 0x80), (byte)((bytes[8] & 0x3F) | 0x80));
        return new Guid(bytes, bigEndian: true);
    }

    /// <summary>A response that waits, as Learning keeps it.</summary>
    /// <param name="own">JSON array of the request's own items.</param>
    /// <param name="body">As the client sent it: it runs from the beginning, by what holds then.</param>
    /// <param name="ready">As it would run now.</param>
    private byte[] WriteQueued(Guid id, byte[] own, byte[] body, WorkerBody ready)
    {
        if (!ResponsesRequest.TryParse(ready.Bytes, out var request, out var error))
        {
            throw new InvalidOperationException($"A checked request cannot be read: {error.Message}");
        }

        var facts = new ResponseFacts(
            ResponseIds.Of(id), clock.GetUtcNow().ToUnixTimeSeconds(), request.Model, ResponseStatus.Queued);
        return Utf8Json.Write((own, body, request, facts), static (state, json) =>
        {
            json.WriteStartObject();
            json.WritePropertyName("input");
            json.WriteRawValue(state.own, skipInputValidation: true);
            json.WritePropertyName("response");
            ResponseObject.Write(json, state.request, state.facts);
            json.WritePropertyName("request");
            json.WriteRawValue(state.body, skipInputValidation: true);
            json.WriteEndObject();
        });
    }

    /// <summary>Reads the conversation that goes on, and the items that the request names.</summary>
    private async Task<OrRefusal<Earlier>> ReadAsync(Caller caller, ResponsesRequest request, CancellationToken cancellationToken)
    {
        var earlier = new Earlier();
        if (request.PreviousResponseId is { } previous)
        {
            if (!(await store.ReadConversationAsync(caller, previous, cancellationToken)).TryGet(out var conversation, out var refusal))
            {
                return refusal;
            }

            earlier = new Earlier { Items = conversation.Items, ChangesInput = true };
        }

        return request.References.Any() ? await ResolveAsync(caller, request, earlier, cancellationToken) : earlier;
    }

    private async Task<OrRefusal<Earlier>> ResolveAsync(
        Caller caller, ResponsesRequest request, Earlier earlier, CancellationToken cancellationToken)
    {
        var before = Parse(earlier.Items).Select(IdOf).OfType<string>().ToHashSet(StringComparer.Ordinal);
        var kept = new Dictionary<string, Dictionary<string, JsonElement>>(StringComparer.Ordinal);
        foreach (var reference in request.References)
        {
            var id = reference.Id!;
            if (before.Contains(id))
            {
                return OpenAiError.InvalidValue(
                    reference.Member, "an item that the conversation of 'previous_response_id' does not have yet", Quote(id));
            }

            if (ResponseIds.ResponseOf(id) is not { } response)
            {
                return Unknown(reference);
            }

            if (!kept.TryGetValue(response, out var items))
            {
                if (kept.Count == MostReferenced)
                {
                    return OpenAiError.InvalidValue(reference.Member, $"items of at most {MostReferenced} responses");
                }

                var read = await store.ReadConversationAsync(caller, response, cancellationToken);
                if (read.Refusal is { Status: not 404 } refusal)
                {
                    return refusal;
                }

                items = [];
                foreach (var item in Parse(read.Value?.Items ?? default))
                {
                    items[IdOf(item) ?? ""] = item;
                }

                kept.Add(response, items);
            }

            if (!items.TryGetValue(id, out var found))
            {
                return Unknown(reference);
            }

            earlier.Referenced[id] = found;
        }

        return earlier with { ChangesInput = true };
    }

    /// <summary>Keeps a response before its last bytes go out. One that is not kept says so.</summary>
    private async ValueTask<ReadOnlyMemory<byte>> KeepAsync(
        Caller caller, Guid requestId, byte[] own, ReadOnlyMemory<byte> last, bool isStream)
    {
        if (FinishedResponse.Find(last, isStream) is not { } finished)
        {
            metrics.ResponseNotKept("unreadable");
            LogUnreadable(logger, requestId);
            return last;
        }

        return await store.KeepAsync(caller, requestId, own, finished.Json) ? last : finished.WithoutStore();
    }

    private static OpenAiError Unknown(ResponseItem.Reference reference) => OpenAiError.InvalidValue(
        reference.Member, "the id of an item that is kept; send the item itself where responses are not kept", Quote(reference.Id!));

    private static string Quote(string id) => $"'{OpenAiErrorResult.Quotable(id)}'";

    private static string? IdOf(JsonElement item) => item.GetProperty("id").GetString();

    private static JsonElement[] Parse(ReadOnlyMemory<byte> items) =>
        items.IsEmpty ? [] : [.. JsonElement.Parse(items.Span, new JsonDocumentOptions { MaxDepth = 128 }).EnumerateArray()];

    /// <summary>One JSON array of the elements of two, of which the first may be missing.</summary>
    private static byte[] Concatenate(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        if (IsEmpty(first) || IsEmpty(second))
        {
            return IsEmpty(first) ? second.ToArray() : first.ToArray();
        }

        return [.. first[..first.LastIndexOf((byte)']')], .. ","u8, .. second[(second.IndexOf((byte)'[') + 1)..]];
    }

    private static bool IsEmpty(ReadOnlySpan<byte> array) => array.Trim(" \t\r\n[]"u8).IsEmpty;

    /// <summary>What a request refers to.</summary>
    private sealed record Earlier
    {
        /// <summary>JSON array of the conversation's items; empty without one.</summary>
        public ReadOnlyMemory<byte> Items { get; init; }

        /// <summary>Items by their ids.</summary>
        public Dictionary<string, JsonElement> Referenced { get; } = new(StringComparer.Ordinal);

        /// <summary>Whether the worker's <c>input</c> is another one than the client's.</summary>
        public bool ChangesInput { get; init; }
    }

    [LoggerMessage(1, LogLevel.Error, "The end of response {Response:N} cannot be read, so that it is not kept.")]
    private static partial void LogUnreadable(ILogger logger, Guid response);
}
