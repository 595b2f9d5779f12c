using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Usage;
using Tollgate.Gateway.Admission;
using Tollgate.Gateway.Authentication;

namespace Tollgate.Gateway.Calls;

/// <summary>What is known of one request to <c>/v1</c> while it runs: filled in step by step, read by the headers, the log line and the
/// metrics at its end.</summary>
/// <param name="requestId">UUIDv7 made when the request started; of a call through the internal door, the service's own where it
/// names one.</param>
/// <param name="startedAt">Timestamp of the clock, for durations.</param>
internal sealed class ApiCall(Guid requestId, long startedAt)
{
    public Guid RequestId { get; } = requestId;

    public long StartedAt { get; } = startedAt;

    /// <summary>As the client sees it.</summary>
    public string PublicRequestId => field ??= string.Create(36, RequestId, static (text, id) =>
    {
        "req_".CopyTo(text);
        id.TryFormat(text[4..], out _, "N");
    });

    /// <summary>Whether it came through the internal door: a service has proved itself and names the key, see
    /// <see cref="InternalCalls"/>.</summary>
    public bool IsInternal { get; init; }

    /// <summary>Only a call through the internal door can be of another class than standard.</summary>
    public ServiceClass ServiceClass { get; set; }

    /// <summary>Name of the only worker that may take it; null for any. Only a call through the internal door can name one.</summary>
    public string? Worker { get; set; }

    /// <summary>Id of the response in the background that the call runs, <c>resp_…</c>; null for another call.</summary>
    public string? Background { get; init; }

    /// <summary>Cancelled when the connection of the caller ends, which a call through the internal door may outlive.</summary>
    public CancellationToken CallerLeft { get; init; }

    /// <summary>Null until the key was proved.</summary>
    public Caller? Caller { get; set; }

    /// <summary>The organization of a caller that is no API key: of an admin key, once Accounts has proved it.</summary>
    public Guid? Organization { get; set; }

    /// <summary>Rate-limit headers are sent on inference routes alone.</summary>
    public bool ShowsLimits { get; set; }

    public RateLimitState Limits { get; set; } = RateLimitState.None;

    /// <summary>Null for a URL that is none of ours.</summary>
    public PublicEndpoint? Endpoint { get; set; }

    /// <summary>That of the endpoint, unless the client speaks another one that the URL knows too.</summary>
    public Wire Wire
    {
        get => field ?? Wire.Of(Endpoint);
        set;
    }

    /// <summary>Scope name of the endpoint; never text of the client's.</summary>
    public string Route => Endpoint?.Scope ?? "unknown";

    /// <summary>The model's real name, once it is known to exist.</summary>
    public string? Model { get; set; }

    /// <summary>The version of the model that answers; null for whichever a worker has.</summary>
    public string? ModelVersion { get; set; }

    public bool Streamed { get; set; }

    /// <summary>Events of a stream that have gone out.</summary>
    public long Events { get; set; }

    public int Attempts { get; set; }

    /// <summary>Null unless it was admitted.</summary>
    public Outcome? Outcome { get; set; }

    /// <summary>What is charged.</summary>
    public Units Units { get; set; }

    /// <summary>Timestamp of the first token or, for an answer in one piece, of the answer.</summary>
    public long? FirstTokenAt { get; set; }

    /// <summary>Type of the error that was sent, or null.</summary>
    public string? ErrorType { get; set; }

    /// <summary>The call that this request is.</summary>
    /// <exception cref="InvalidOperationException">The request did not come through the middleware of <c>/v1</c>.</exception>
    public static ApiCall Of(HttpContext context) => context.Features.GetRequiredFeature<ApiCall>();
}
