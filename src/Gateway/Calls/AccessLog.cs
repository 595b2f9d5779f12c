using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Usage;
using Tollgate.Gateway.Telemetry;

namespace Tollgate.Gateway.Calls;

/// <summary>
/// One line and one measurement for each request to <c>/v1</c>. Of what the client wrote it holds the client's own request id alone, and
/// that only when it is short plain text that does not look like a key.
/// </summary>
internal sealed partial class AccessLog(GatewayMetrics metrics, TimeProvider clock, ILogger<AccessLog> logger)
{
    private const int LongestClientRequestId = 512;

    public void Write(HttpContext context, ApiCall call)
    {
        var elapsed = clock.GetElapsedTime(call.StartedAt);
        var ended = new EndedRequest(
            call.Endpoint, call.Model, context.Response.StatusCode, call.ErrorType, elapsed, call.Outcome is null ? null : call.Units,
            call.FirstTokenAt is { } first ? clock.GetElapsedTime(call.StartedAt, first) : null, call.Streamed);
        metrics.RequestEnded(ended);
        GatewaySpans.DescribeRequest(ended, call.PublicRequestId);
        if (logger.IsEnabled(LogLevel.Information))
        {
            var left = context.RequestAborted.IsCancellationRequested;
            LogRequest(
                logger, Known(context.Request.Method), call.Route, left ? 499 : context.Response.StatusCode, elapsed.TotalMilliseconds,
                call.PublicRequestId, call.Caller?.Key.PublicId, call.Model, call.ServiceClass.Name(), call.Streamed, call.Outcome,
                call.Units, call.Attempts,
                call.ErrorType,
                ClientRequestId(context.Request.Headers["X-Client-Request-Id"].ToString()));
        }
    }

    private static string Known(string method) =>
        method is "GET" or "POST" or "PUT" or "DELETE" or "HEAD" or "OPTIONS" or "PATCH" ? method : "other";

    private static string? ClientRequestId(string value) =>
        value.Length is 0 or > LongestClientRequestId
            || value.AsSpan().ContainsAnyExceptInRange('!', '~') || value.Contains("sk-", StringComparison.Ordinal)
            ? null
            : value;

    [LoggerMessage(
        1, LogLevel.Information,
        "{Method} {Route} {Status} {ElapsedMs:0.0} ms {RequestId} key={Key} model={Model} class={ServiceClass} streamed={Streamed} "
        + "outcome={Outcome} units={Units} attempts={Attempts} error={Error} client={ClientRequestId}")]
    private static partial void LogRequest(
        ILogger logger, string method, string route, int status, double elapsedMs, string requestId, string? key, string? model,
        string serviceClass, bool streamed, Outcome? outcome, Units units, int attempts, string? error, string? clientRequestId);
}
