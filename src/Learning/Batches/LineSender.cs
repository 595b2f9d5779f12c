using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Workers;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.Learning.Batches;

/// <summary>What is known of a line after a call.</summary>
internal enum AnswerKind
{
    /// <summary>The answer to keep.</summary>
    Final = 0,

    /// <summary>It was not run, and may be asked for again later.</summary>
    NotRun,

    /// <summary>It may have run, or may still run. The same call again gets its answer.</summary>
    Unknown,
}

/// <summary>What came back for a line.</summary>
/// <param name="RequestId">The request that was run, <c>req_…</c>.</param>
/// <param name="Body">JSON of a <see cref="AnswerKind.Final"/> answer, and of a fault that may become one.</param>
/// <param name="RetryAfter">When the gateway wants to be asked again; null where it does not say.</param>
internal sealed record LineAnswer(AnswerKind Kind, int Status, string? RequestId, byte[] Body, TimeSpan? RetryAfter)
{
    /// <summary>Whether it is a server's fault that another try may not have: it becomes final after some of them.</summary>
    public bool IsFault => Kind == AnswerKind.Unknown && Status >= 500 && Body.Length > 0;
}

/// <summary>Calls the gateway's internal door for a line. Thread-safe.</summary>
internal sealed class LineSender(IHttpClientFactory clients, IOptions<BatchOptions> options)
{
    /// <summary>Name of the gateway in <c>service-calls</c> and <c>Services:</c>.</summary>
    public const string Client = "gateway";

    private const string IdempotencyKey = "Idempotency-Key";
    private const string OriginalRequestId = "x-tollgate-original-request-id";

    /// <summary>Calls once. A call that fails is an answer of <see cref="AnswerKind.Unknown"/>.</summary>
    public async Task<LineAnswer> SendAsync(Batch batch, LineRequest line, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(options.Value.LineTimeout);
        using var client = clients.CreateClient(Client);
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{InternalCalls.Prefix}{batch.Endpoint}")
        {
            Content = new ReadOnlyMemoryContent(line.Body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } },
            Headers =
            {
                { InternalCalls.KeyHeader, batch.KeyPublicId },
                { IdempotencyKey, line.IdempotencyKey(batch.Id) },
                { WorkerHeaders.ServiceClass, ServiceClass.Batch.Name() },
            },
        };
        try
        {
            using var response = await client.SendAsync(request, patience.Token);
            return Judge(response, await response.Content.ReadAsByteArrayAsync(patience.Token));
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested
            && exception is HttpRequestException or IOException or OperationCanceledException)
        {
            return new LineAnswer(AnswerKind.Unknown, 0, null, [], null);
        }
    }

    private static LineAnswer Judge(HttpResponseMessage response, byte[] body)
    {
        var status = (int)response.StatusCode;
        var id = InternalError.ReadHeader(response, OriginalRequestId) ?? InternalError.ReadHeader(response, "x-request-id");
        var isOurs = status < 400 ? IsJson(body) : HasError(body);
        if (!isOurs)
        {
            return new LineAnswer(AnswerKind.Unknown, status, id, [], null); // A gateway that starts or stops, or not a gateway.
        }

        var shouldRetry = InternalError.ReadHeader(response, "x-should-retry");
        var kind = status < 400 || shouldRetry == "false" ? AnswerKind.Final
            : status is 429 or 503 ? AnswerKind.NotRun
            : status is 408 or 409 or >= 500 ? AnswerKind.Unknown
            : AnswerKind.Final;
        return new LineAnswer(kind, status, id, body, InternalError.ReadRetryAfter(response));
    }

    private static bool IsJson(byte[] body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static bool HasError(byte[] body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("error", out var error) && error.ValueKind == JsonValueKind.Object;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
