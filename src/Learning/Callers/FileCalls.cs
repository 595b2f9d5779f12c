using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Contracts.OpenAi;
using Tollgate.Learning.Telemetry;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.Learning.Callers;

/// <summary>How large a body may be, and who may not be larger.</summary>
/// <param name="Param">The member with the file.</param>
/// <param name="Most">Bytes of the file.</param>
/// <param name="Setting">Where the operator sets it.</param>
internal sealed record BodyLimit(string Param, long Most, string Setting)
{
    /// <summary>What a form has beside its file, at most: 128 parts, each with headers and a field.</summary>
    public const long FormOverhead = 1024 * 1024;

    public OpenAiError Refusal => OpenAiError.FileTooLarge(Param, Most, Setting);
}

/// <summary>Ends the request with an error wherever it is thrown.</summary>
internal sealed class RefusalException(OpenAiError error) : Exception(error.Message)
{
    public OpenAiError Error => error;
}

/// <summary>What every endpoint of this service shares: who calls, how large the body may be, and how a refusal leaves.</summary>
internal sealed class FileCalls(LearningMetrics metrics)
{
    /// <summary>Most bytes of a JSON body.</summary>
    private const int MostJson = 256 * 1024;

    /// <summary>Runs an endpoint that takes no file.</summary>
    /// <param name="answer">Returns the error; null when it has answered.</param>
    public Task RunAsync(HttpContext context, Func<FileCaller, Task<OpenAiError?>> answer) => RunAsync(context, null, answer);

    /// <summary>Runs an endpoint.</summary>
    /// <param name="limit">Of its file; null for an endpoint that takes none.</param>
    /// <param name="answer">Returns the error; null when it has answered.</param>
    public async Task RunAsync(HttpContext context, BodyLimit? limit, Func<FileCaller, Task<OpenAiError?>> answer)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = limit is null ? MostJson : limit.Most + BodyLimit.FormOverhead;
        }

        if (await AnswerAsync(context, limit, answer) is not { } error)
        {
            return;
        }

        metrics.Refused(error.Code ?? error.Type);
        if (context.Response.HasStarted)
        {
            context.Abort();
            return;
        }

        await DrainAsync(context, limit);
        await InternalError.WriteAsync(context, error);
    }

    /// <summary>Reads a body of JSON.</summary>
    public static async Task<ReadOnlyMemory<byte>> ReadJsonAsync(HttpContext context)
    {
        var type = context.Request.ContentType;
        if (!"application/json".Equals(type?.Split(';')[0].Trim(), StringComparison.OrdinalIgnoreCase))
        {
            throw new RefusalException(OpenAiError.UnsupportedMediaType(type));
        }

        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        return body.GetBuffer().AsMemory(0, (int)body.Length);
    }

    private static async Task<OpenAiError?> AnswerAsync(HttpContext context, BodyLimit? limit, Func<FileCaller, Task<OpenAiError?>> answer)
    {
        try
        {
            // A length above the limit is refused before a byte is read.
            return limit is not null && context.Request.ContentLength > limit.Most + BodyLimit.FormOverhead
                ? limit.Refusal
                : await answer(FileCaller.Of(context.Request));
        }
        catch (RefusalException refusal)
        {
            return refusal.Error;
        }
        catch (BadHttpRequestException exception)
        {
            return exception.StatusCode switch
            {
                StatusCodes.Status413PayloadTooLarge => limit?.Refusal ?? OpenAiError.BodyTooLarge(MostJson),
                StatusCodes.Status408RequestTimeout => OpenAiError.BodyTooSlow(),
                _ => OpenAiError.BodyIncomplete(),
            };
        }
    }

    /// <summary>
    /// Reads on what the client still sends, as far as a body may go: most clients read an answer only when they have sent everything.
    /// A body that has not begun is left: the gateway waits for this service before it sends one.
    /// </summary>
    private static async Task DrainAsync(HttpContext context, BodyLimit? limit)
    {
        if (limit is null || context.Features.Get<IHttpMaxRequestBodySizeFeature>() is not { IsReadOnly: true })
        {
            return; // The feature is read-only as soon as the body is being read.
        }

        try
        {
            while (true)
            {
                var read = await context.Request.BodyReader.ReadAsync(context.RequestAborted);
                context.Request.BodyReader.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                {
                    return;
                }
            }
        }
        catch (Exception exception) when (exception is IOException or InvalidOperationException)
        {
            context.Response.Headers.Connection = "close"; // It is too large, too slow or broken: nothing more is read.
        }
    }
}

/// <summary>Registers what endpoints share.</summary>
internal static class CallersSlice
{
    public static IServiceCollection AddCallers(this IServiceCollection services) => services.AddSingleton<FileCalls>();
}
