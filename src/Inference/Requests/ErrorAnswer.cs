using System.Globalization;
using Microsoft.AspNetCore.Http;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Inference.Requests;

/// <summary>Answers with an error as long as no byte has gone out.</summary>
internal static class ErrorAnswer
{
    /// <summary>The status that nginx uses for a client that has gone.</summary>
    public const int ClientClosedRequest = 499;

    public static Task WriteAsync(HttpContext context, OpenAiError error)
    {
        var response = context.Response;
        response.StatusCode = error.Status;
        response.ContentType = "application/json";
        if (error.RetryAfter is { } delay)
        {
            response.Headers.RetryAfter = Math.Max(1, Math.Ceiling(delay.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
            response.Headers["retry-after-ms"] = Math.Ceiling(delay.TotalMilliseconds).ToString(CultureInfo.InvariantCulture);
        }

        if (error.ShouldRetry is { } retry)
        {
            response.Headers["x-should-retry"] = retry ? "true" : "false";
        }

        return response.Body.WriteAsync(error.ToJson(), context.RequestAborted).AsTask();
    }

    /// <summary>The request was cancelled before anything went out.</summary>
    public static OpenAiError Cancelled() =>
        new(ClientClosedRequest, "invalid_request_error", "request_cancelled", "The request was cancelled.");
}
