using System.Net;
using System.Net.Http.Headers;
using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.Authentication;
using Tollgate.Gateway.Calls;

namespace Tollgate.Gateway.Responses;

/// <summary>Why a response is not kept.</summary>
/// <param name="Reason">For metrics: <c>refused</c> or <c>away</c>.</param>
/// <param name="Message">For the log; nothing of the response.</param>
internal sealed record KeepFailure(string Reason, string Message);

/// <summary>Learning's doors for responses, over HTTP. Thread-safe.</summary>
internal sealed class ResponseStoreClient(IHttpClientFactory clients, IOptions<ResponseStoreOptions> options, TimeProvider clock)
{
    private const string Learning = "learning";
    private const string Doors = "internal/responses";
    private const string Prefix = "resp_";

    /// <summary>A request may be nested 64 deep, and stands in an array here.</summary>
    private static readonly JsonDocumentOptions Json = new() { MaxDepth = 128 };

    private static readonly MediaTypeHeaderValue JsonType = new("application/json");
    private static readonly OpenAiError Away = OpenAiError.ServiceAway("Stored responses");

    /// <summary>The error when the caller's organization cannot keep another response; null when it can.</summary>
    public async Task<OpenAiError?> RefuseAsync(Caller caller, CancellationToken cancellationToken)
    {
        var answer = await SendAsync(
            caller, HttpMethod.Get, $"{Doors}/room", static (_, _) => Task.FromResult(Keeping.Yes), cancellationToken);
        return answer.Refusal;
    }

    /// <summary>The conversation that a response ends, or the refusal for the client.</summary>
    public async Task<OrRefusal<Conversation>> ReadConversationAsync(Caller caller, string id, CancellationToken cancellationToken) =>
        id.StartsWith(Prefix, StringComparison.Ordinal) && Guid.TryParseExact(id.AsSpan(Prefix.Length), "N", out _)
            ? await SendAsync(caller, HttpMethod.Get, $"{Doors}/{id}/conversation", ReadConversationAsync, cancellationToken)
            : OpenAiError.PreviousResponseNotFound(id);

    /// <summary>Queues a response, and returns it as it is now.</summary>
    public Task<OrRefusal<byte[]>> QueueAsync(
        Caller caller, string id, byte[] content, string? fingerprint, CancellationToken cancellationToken)
    {
        var query = fingerprint is null ? "" : $"?fingerprint={Uri.EscapeDataString(fingerprint)}";
        return SendAsync(
            caller, HttpMethod.Put, InternalCalls.RunOf(id) + query,
            static (response, limit) => response.Content.ReadAsByteArrayAsync(limit), cancellationToken, content);
    }

    /// <summary>Whether a response waits or runs; true where nobody knows.</summary>
    public async Task<bool> IsToRunAsync(Caller caller, string id, CancellationToken cancellationToken)
    {
        var answer = await SendAsync(
            caller, HttpMethod.Get, InternalCalls.RunOf(id), static (_, _) => Task.FromResult(Keeping.Yes), cancellationToken);
        return answer.Refusal is not { Status: 404 };
    }

    /// <summary>Keeps a response; null when it is durable.</summary>
    public async Task<KeepFailure?> KeepAsync(Caller caller, Guid id, ReadOnlyMemory<byte> input, ReadOnlyMemory<byte> response)
    {
        byte[] body = [.. "{\"input\":"u8, .. input.Span, .. ",\"response\":"u8, .. response.Span, .. "}"u8];
        KeepFailure? failure = null;
        for (var left = options.Value.KeepTries; left > 0; left--)
        {
            failure = await TryKeepAsync(caller, id, body);
            if (failure is not { Reason: "away" })
            {
                return failure;
            }

            if (left > 1)
            {
                await Task.Delay(options.Value.KeepPause, clock);
            }
        }

        return failure;
    }

    private async Task<KeepFailure?> TryKeepAsync(Caller caller, Guid id, byte[] body)
    {
        using var limit = new CancellationTokenSource(options.Value.KeepTimeout, clock);
        using var http = clients.CreateClient(Learning);
        using var request = new HttpRequestMessage(HttpMethod.Put, $"{Doors}/{Prefix}{id:N}")
        {
            Content = new ByteArrayContent(body) { Headers = { ContentType = JsonType } },
        };
        request.Names(caller);
        try
        {
            using var response = await http.SendAsync(request, limit.Token);
            return response.StatusCode == HttpStatusCode.NoContent ? null
                : (int)response.StatusCode is >= 400 and < 500 and not 401 and not 408
                    ? new KeepFailure("refused", (await UpstreamError.ReadAsync(response, limit.Token))?.Message ?? "It was refused.")
                    : new KeepFailure("away", $"Learning answered {(int)response.StatusCode}.");
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
        {
            return new KeepFailure("away", exception.GetBaseException().Message);
        }
    }

    private static async Task<Conversation> ReadConversationAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        using var document = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancellationToken), Json);
        return new Conversation(
            document.RootElement.GetProperty("model").GetString()!,
            JsonMarshal.GetRawUtf8Value(document.RootElement.GetProperty("items")).ToArray());
    }

    /// <summary>Reads what <paramref name="read"/> makes of an answer, or the refusal for the client.</summary>
    private async Task<OrRefusal<T>> SendAsync<T>(
        Caller caller, HttpMethod method, string path, Func<HttpResponseMessage, CancellationToken, Task<T>> read,
        CancellationToken cancellationToken, byte[]? body = null)
        where T : class
    {
        using var timeout = new CancellationTokenSource(options.Value.ReadTimeout, clock);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        using var http = clients.CreateClient(Learning);
        using var request = new HttpRequestMessage(method, path)
        {
            Content = body is null ? null : new ByteArrayContent(body) { Headers = { ContentType = JsonType } },
        };
        request.Names(caller);
        try
        {
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
            return response.IsSuccessStatusCode ? await read(response, limit.Token)
                : response.StatusCode != HttpStatusCode.Unauthorized && await UpstreamError.ReadAsync(response, limit.Token) is { } error
                    ? error : Away; // 401 is of our bearer, not of the client's key.
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested
            && exception is HttpRequestException or IOException or JsonException or OperationCanceledException)
        {
            return Away;
        }
    }
}
