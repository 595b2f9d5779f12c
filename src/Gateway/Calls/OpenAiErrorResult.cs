using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Gateway.Calls;

/// <summary>The one place where an error of <c>/v1</c> becomes bytes.</summary>
internal static class OpenAiErrorResult
{
    private const int LongestQuote = 100;

    /// <summary>Answers with <paramref name="error"/>. The answer must not have started.</summary>
    public static async Task WriteAsync(HttpContext context, OpenAiError error)
    {
        var response = context.Response;
        var headers = response.Headers;
        var call = ApiCall.Of(context);
        call.ErrorType = error.Code ?? error.Type;
        response.StatusCode = error.Status;
        if (error.RetryAfter is { } delay)
        {
            var milliseconds = Math.Max(1, Math.Ceiling(delay.TotalMilliseconds));
            headers.RetryAfter = Math.Max(1, Math.Ceiling(milliseconds / 1000)).ToString("0", CultureInfo.InvariantCulture);
            headers["retry-after-ms"] = milliseconds.ToString("0", CultureInfo.InvariantCulture);
        }

        if (error.ShouldRetry is { } retry)
        {
            headers["x-should-retry"] = retry ? "true" : "false";
        }

        if (error.BindingLimit is { } limit)
        {
            headers["x-tollgate-binding-limit"] = limit;
        }

        if (error.Status == StatusCodes.Status401Unauthorized)
        {
            headers.WWWAuthenticate = "Bearer realm=\"Tollgate API\"";
        }

        if (error.Status == StatusCodes.Status413PayloadTooLarge)
        {
            headers.Connection = "close"; // The rest of the body is not read.
        }

        var body = call.Wire.ToBody(error, call.PublicRequestId);
        response.ContentType = "application/json";
        response.ContentLength = body.Length;
        await response.BodyWriter.WriteAsync(body, context.RequestAborted);
    }

    /// <summary>A client's text as a message may repeat it: not whole when it is long, and not at all when it looks like a key.</summary>
    public static string Quotable(string text) =>
        text.Contains("sk-", StringComparison.Ordinal)
            ? "…" : text.Length <= LongestQuote ? text : string.Concat(text.AsSpan(0, LongestQuote), "…");

    /// <summary>Ends an answer that failed unexpectedly: an error, an error frame or, in the middle of any other body, a
    /// broken connection.</summary>
    public static async Task EndAsync(HttpContext context, OpenAiError error)
    {
        if (!context.Response.HasStarted)
        {
            context.Features.GetRequiredFeature<IHttpResponseFeature>().ReasonPhrase = null;
            context.Response.Headers.Clear();
            await WriteAsync(context, error);
        }
        else if (context.Response.ContentType?.StartsWith("text/event-stream", StringComparison.Ordinal) == true)
        {
            var call = ApiCall.Of(context);
            await context.Response.BodyWriter.WriteAsync(
                call.Wire.ToFrame(error, call.PublicRequestId, call.Events), context.RequestAborted);
        }
        else
        {
            context.Abort();
        }
    }
}
