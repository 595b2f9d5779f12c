using System.Globalization;
using Microsoft.AspNetCore.Http;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.ServiceDefaults.Hosting;

/// <summary>How one of our services tells another of an error in OpenAI's shape: status, body and headers.</summary>
public static class InternalError
{
    /// <summary>Header with <see cref="OpenAiError.BindingLimit"/>.</summary>
    public const string BindingLimit = "x-tollgate-binding-limit";

    /// <summary>Writes them, as long as no byte of an answer has gone out.</summary>
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

    /// <summary>When an answer says to try again; null where it does not, or says more than a day in milliseconds.</summary>
    public static TimeSpan? ReadRetryAfter(HttpResponseMessage response) =>
        double.TryParse(ReadHeader(response, "retry-after-ms"), NumberStyles.Float, CultureInfo.InvariantCulture, out var milliseconds)
        && milliseconds is >= 0 and < 86_400_000
            ? TimeSpan.FromMilliseconds(milliseconds)
            : response.Headers.RetryAfter?.Delta;

    /// <summary>The first value of a header; null where it is missing.</summary>
    public static string? ReadHeader(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) ? values.FirstOrDefault() : null;
}
