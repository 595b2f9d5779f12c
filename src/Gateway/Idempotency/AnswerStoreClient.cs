using System.Net;
using System.Net.Http.Headers;
using Microsoft.Extensions.Options;
using Tollgate.Contracts.Idempotency;

namespace Tollgate.Gateway.Idempotency;

/// <summary>Billing's store of sealed answers, over HTTP. Thread-safe.</summary>
internal sealed class AnswerStoreClient(IHttpClientFactory clients, IOptions<IdempotencyOptions> options, TimeProvider clock)
{
    private static readonly MediaTypeHeaderValue Bytes = new("application/octet-stream");

    /// <summary>Null when none is kept.</summary>
    /// <exception cref="HttpRequestException">Billing is away, or slow: it is unknown whether one is kept.</exception>
    public Task<(Guid RequestId, byte[] Sealed)?> FindAsync(AnswerName name) =>
        WithinAsync<(Guid, byte[])?>(async (http, cancellationToken) =>
    {
        using var response = await http.GetAsync(PathOf(name), cancellationToken);
        if (response.StatusCode == HttpStatusCode.NoContent)
        {
            return null;
        }

        // Any other status, 404 included, means unknown.
        if (response.StatusCode != HttpStatusCode.OK
            || !response.Headers.TryGetValues(IdempotentAnswers.RequestId, out var ids)
            || !Guid.TryParseExact(ids.First(), "N", out var requestId))
        {
            throw new HttpRequestException($"The store of answers said {(int)response.StatusCode}.");
        }

        return (requestId, await response.Content.ReadAsByteArrayAsync(cancellationToken));
    });

    /// <summary>Keeps an answer; when one is kept already, that one stays.</summary>
    /// <exception cref="HttpRequestException">Billing is away, or slow: perhaps it is kept.</exception>
    public Task KeepAsync(AnswerName name, Guid requestId, byte[] answer) => WithinAsync(async (http, cancellationToken) =>
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, PathOf(name))
        {
            Content = new ByteArrayContent(answer) { Headers = { ContentType = Bytes } },
        };
        request.Headers.Add(IdempotentAnswers.RequestId, requestId.ToString("N"));
        using var response = await http.SendAsync(request, cancellationToken);
        return response.StatusCode is HttpStatusCode.Created or HttpStatusCode.Conflict
            ? true
            : throw new HttpRequestException($"The store of answers said {(int)response.StatusCode}.");
    });

    /// <summary>For a request that died while its answer was being stored. True when it is stored; otherwise it never will be.</summary>
    /// <exception cref="HttpRequestException">Billing is away, or slow: ask again.</exception>
    public Task<bool> WithdrawAsync(AnswerName name, Guid requestId) => WithinAsync(async (http, cancellationToken) =>
    {
        using var request = new HttpRequestMessage(
            HttpMethod.Post, IdempotentAnswers.WithdrawalPath(name.OrganizationId, name.KeyId, name.KeyHash));
        request.Headers.Add(IdempotentAnswers.RequestId, requestId.ToString("N"));
        using var response = await http.SendAsync(request, cancellationToken);
        return response.StatusCode switch
        {
            HttpStatusCode.OK => true,
            HttpStatusCode.NoContent => false,
            _ => throw new HttpRequestException($"The store of answers said {(int)response.StatusCode}."),
        };
    });

    private static string PathOf(AnswerName name) => IdempotentAnswers.Path(name.OrganizationId, name.KeyId, name.KeyHash);

    private async Task<T> WithinAsync<T>(Func<HttpClient, CancellationToken, Task<T>> call)
    {
        using var limit = new CancellationTokenSource(options.Value.StoreTimeout, clock);
        using var http = clients.CreateClient("billing");
        try
        {
            return await call(http, limit.Token);
        }
        catch (OperationCanceledException exception)
        {
            throw new HttpRequestException($"No answer within {options.Value.StoreTimeout.TotalMilliseconds:0} ms.", exception);
        }
    }
}
