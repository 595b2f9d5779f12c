using Microsoft.AspNetCore.Http;
using Tollgate.Contracts.OpenAi;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.Inference.Requests;

/// <summary>Answers with an error as long as no byte has gone out.</summary>
internal static class ErrorAnswer
{
    /// <summary>The status that nginx uses for a client that has gone.</summary>
    public const int ClientClosedRequest = 499;

    public static Task WriteAsync(HttpContext context, OpenAiError error) => InternalError.WriteAsync(context, error);

    /// <summary>The request was cancelled before anything went out.</summary>
    public static OpenAiError Cancelled() =>
        new(ClientClosedRequest, "invalid_request_error", "request_cancelled", "The request was cancelled.");
}
