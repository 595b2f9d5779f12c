using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Workers;
using Tollgate.Gateway.Calls;
using Tollgate.Gateway.Pipeline;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.Gateway.Endpoints;

/// <summary>
/// Outermost layer of the API, and of every path that nothing else serves: gives the request its id, attaches the headers, turns
/// exceptions into errors of OpenAI's shape, and writes the log line.
/// </summary>
internal sealed partial class OpenAiMiddleware(
    RequestDelegate next, OpenAiHeaders headers, AccessLog accessLog, IOptions<OpenAiOptions> options, TimeProvider clock,
    ILogger<OpenAiMiddleware> logger)
{
    public async Task InvokeAsync(HttpContext context)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<ApiAnswer>() is not { } answer)
        {
            await next(context);
            return;
        }

        var isInternal = context.Features.Get<Listener>()?.Kind == ListenerKind.Internal;
        if (isInternal && !answer.IsInternal)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        var call = new ApiCall(
            (isInternal ? NamedByService(context) : null) ?? Guid.CreateVersion7(clock.GetUtcNow()), clock.GetTimestamp())
        {
            IsInternal = isInternal,
            CallerLeft = context.RequestAborted,
            Background = isInternal && context.Request.Headers[InternalCalls.ResponseHeader] is [{ Length: > 0 } response]
                ? response : null,
        };
        context.Features.Set(call);
        if (isInternal && context.GetEndpoint()!.Metadata.GetMetadata<EndsWithItsCaller>() is null)
        {
            // A service that dies asks again with the same Idempotency-Key. Its call runs to the end, so that nothing is computed twice.
            context.RequestAborted = CancellationToken.None;
        }

        headers.Attach(context, call);
        try
        {
            // Routes match in any case; a version in another case is not ours, nor is a path without one. On the public listener that
            // refuses the paths of the internal door too.
            var path = context.Request.Path;
            await (isInternal || path.StartsWithSegments("/v1", StringComparison.Ordinal) || UnknownUrls.Find(path.Value ?? "") is not null
                ? next(context) : UnknownUrls.RefuseAsync(context));
        }
        catch (BadHttpRequestException exception)
        {
            await OpenAiErrorResult.EndAsync(context, RequestBody.ToError(exception, options.Value.MostBytes(call.Endpoint)));
        }
        catch (Exception exception) when (context.RequestAborted.IsCancellationRequested)
        {
            LogClientLeft(logger, call.PublicRequestId, exception.GetType().Name);
        }
#pragma warning disable CA1031 // The client gets an answer whatever broke; the log has why.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            LogFailed(logger, exception, call.PublicRequestId);
            await OpenAiErrorResult.EndAsync(context, OpenAiError.ServerError());
        }
        finally
        {
            accessLog.Write(context, call);
        }
    }

    /// <summary>The id that a service has given its call.</summary>
    private static Guid? NamedByService(HttpContext context) =>
        Guid.TryParseExact(context.Request.Headers[WorkerHeaders.RequestId], "N", out var id) ? id : null;

    [LoggerMessage(1, LogLevel.Error, "Request {RequestId} failed.")]
    private static partial void LogFailed(ILogger logger, Exception exception, string requestId);

    [LoggerMessage(2, LogLevel.Debug, "The client of request {RequestId} left: {Reason}")]
    private static partial void LogClientLeft(ILogger logger, string requestId, string reason);
}
