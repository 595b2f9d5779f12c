using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Contracts.OpenAi;
using Tollgate.ServiceDefaults.Hosting;
using Tollgate.ServiceDefaults.ServiceAuthentication;

namespace Tollgate.Learning.Doors;

/// <summary>What is known after a call.</summary>
internal enum AnswerKind
{
    /// <summary>The answer to keep.</summary>
    Final = 0,

    /// <summary>It was not run, and may be asked for again later.</summary>
    NotRun,

    /// <summary>It may have run, or may still run. The same call again gets its answer.</summary>
    Unknown,
}

/// <summary>An answer of the gateway.</summary>
/// <param name="Status">0 where the call failed.</param>
/// <param name="RequestId">The request that was run, <c>req_…</c>.</param>
/// <param name="Body">JSON of a <see cref="AnswerKind.Final"/> answer, and of a fault that may become one.</param>
/// <param name="RetryAfter">When the gateway wants to be asked again; null where it does not say.</param>
internal sealed record DoorAnswer(AnswerKind Kind, int Status, string? RequestId, byte[] Body, TimeSpan? RetryAfter)
{
    /// <summary>Tries of a call that ends with a fault of the server's, after which the fault is its answer.</summary>
    public const int MostFaults = 5;

    public static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(500);

    /// <summary>Nothing is known: the call failed.</summary>
    public static DoorAnswer None { get; } = new(AnswerKind.Unknown, 0, null, [], null);

    /// <summary>Whether it is a server's fault that another try may not have: it becomes final after some of them.</summary>
    public bool IsFault => Kind == AnswerKind.Unknown && Status >= 500 && Body.Length > 0;

    /// <summary>Code and message of an error in OpenAI's or in Anthropic's form; the type where it has no code.</summary>
    public (string? Code, string? Message) ReadError()
    {
        using var body = JsonDocument.Parse(Body);
        var error = body.RootElement.GetProperty("error");
        return (TextOf(error, "code") ?? CodeInDetails(error) ?? TextOf(error, "type"), TextOf(error, "message"));
    }

    /// <summary>How long to wait before the same call is made again.</summary>
    /// <param name="tries">Calls before this one.</param>
    /// <param name="longest">Where the gateway does not say when.</param>
    public TimeSpan PauseAfter(int tries, TimeSpan longest)
    {
        var longer = FirstPause * Math.Pow(2, Math.Min(tries, 20));
        return RetryAfter ?? (longer < longest ? longer : longest);
    }

    /// <summary>The code where a client of Anthropic finds it.</summary>
    private static string? CodeInDetails(JsonElement error) =>
        error.TryGetProperty("details", out var details) && details.ValueKind == JsonValueKind.Object
            ? TextOf(details, "error_code") : null;

    private static string? TextOf(JsonElement from, string name) =>
        from.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}

/// <summary>The gateway's internal door: calls of the public API on behalf of a key.</summary>
internal static class GatewayDoor
{
    /// <summary>Name of the gateway in <c>service-calls</c> and <c>Services:</c>.</summary>
    public const string Client = "gateway";

    private const string IdempotencyKey = "Idempotency-Key";
    private const string OriginalRequestId = "x-tollgate-original-request-id";

    /// <summary>A call.</summary>
    /// <param name="path">Of the public API.</param>
    /// <param name="keyPublicId">Names the key.</param>
    /// <param name="body">JSON.</param>
    public static HttpRequestMessage Request(string path, string keyPublicId, string idempotencyKey, ReadOnlyMemory<byte> body) =>
        new(HttpMethod.Post, $"{InternalCalls.Prefix}{path}")
        {
            Content = new ReadOnlyMemoryContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } },
            Headers = { { InternalCalls.KeyHeader, keyPublicId }, { IdempotencyKey, idempotencyKey } },
        };

    /// <summary>The id of the request that made an answer, <c>req_…</c>.</summary>
    public static string? RequestIdOf(HttpResponseMessage response) =>
        InternalError.ReadHeader(response, OriginalRequestId) ?? InternalError.ReadHeader(response, "x-request-id");

    /// <summary>The id of a text <c>req_…</c>; null for another text.</summary>
    public static Guid? ParseRequestId(string? text) =>
        text is ['r', 'e', 'q', '_', .. var id] && Guid.TryParseExact(id, "N", out var request) ? request : null;

    /// <summary>Whether an exception is of a call that failed, as opposed to one that was cancelled.</summary>
    public static bool IsFailure(Exception exception) =>
        exception is HttpRequestException or IOException or OperationCanceledException;

    /// <summary>Reads an answer in one piece.</summary>
    public static async Task<DoorAnswer> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        var (status, id) = ((int)response.StatusCode, RequestIdOf(response));
        var isOurs = status < 400 ? IsJson(body) : HasError(body);
        if (!isOurs)
        {
            return new DoorAnswer(AnswerKind.Unknown, status, id, [], null); // A gateway that starts or stops, or not a gateway.
        }

        var shouldRetry = InternalError.ReadHeader(response, "x-should-retry");
        var kind = status < 400 || shouldRetry == "false" ? AnswerKind.Final
            : status is 429 or 503 ? AnswerKind.NotRun
            : status is 408 or 409 or >= 500 ? AnswerKind.Unknown
            : AnswerKind.Final;
        return new DoorAnswer(kind, status, id, body, InternalError.ReadRetryAfter(response));
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

/// <summary>Calls the door. Thread-safe.</summary>
internal sealed class DoorSender(IHttpClientFactory clients)
{
    /// <summary>Calls once, for an answer in one piece. A call that fails is an answer of <see cref="AnswerKind.Unknown"/>.</summary>
    /// <param name="patience">How long the gateway may take; <see cref="Timeout.InfiniteTimeSpan"/> for any time.</param>
    public async Task<DoorAnswer> AskAsync(HttpRequestMessage request, TimeSpan patience, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(patience);
        using var client = clients.CreateClient(GatewayDoor.Client);
        try
        {
            using var response = await client.SendAsync(request, limit.Token);
            return await GatewayDoor.ReadAsync(response, limit.Token);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested && GatewayDoor.IsFailure(exception))
        {
            return DoorAnswer.None;
        }
    }
}

/// <summary>Registers the client of the door.</summary>
internal static class DoorsSlice
{
    /// <summary>Asks <c>Services:gateway</c>.</summary>
    public static WebApplicationBuilder AddDoors(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<DoorSender>();
        builder.Services.AddInternalClient(GatewayDoor.Client, builder.Configuration)
            .ConfigureHttpClient(client => client.Timeout = Timeout.InfiniteTimeSpan)
            .ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler
            {
                AllowAutoRedirect = false,
                UseCookies = false,
                UseProxy = false,
                ActivityHeadersPropagator = null,
                ConnectTimeout = TimeSpan.FromSeconds(2),
                PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1),
            });
        return builder;
    }
}
