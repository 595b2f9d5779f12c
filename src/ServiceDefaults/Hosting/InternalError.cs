using System.Globalization;
using Microsoft.AspNetCore.Http;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.ServiceDefaults.Hosting;

/// <summary>Answers a gateway with an error that it passes on to its client, as long as no byte has gone out.</summary>
public static class InternalError
{
    /// <summary>Header with <see cref="OpenAiError.BindingLimit"/>.</summary>
    public const string BindingLimit = "x-tollgate-binding-limit";

    /// <summary>Writes status, body and headers.</summary>
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

        if (error.BindingLimit is { } limit)
        {
            response.Headers[BindingLimit] = limit;
        }

        return response.Body.WriteAsync(error.ToJson(), context.RequestAborted).AsTask();
    }
}
