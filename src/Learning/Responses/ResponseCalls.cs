using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Tollgate.Contracts.OpenAi;
using Tollgate.Learning.Callers;
using Tollgate.Learning.Contents;
using Tollgate.Learning.Telemetry;

namespace Tollgate.Learning.Responses;

/// <summary>What the endpoints of responses share: that of all endpoints, and the answer where a content does not open.</summary>
internal sealed partial class ResponseCalls(FileCalls calls, LearningMetrics metrics, ILogger<ResponseCalls> logger)
{
    /// <summary>Runs an endpoint.</summary>
    /// <param name="answer">Returns the error; null when it has answered.</param>
    public Task RunAsync(HttpContext context, Func<FileCaller, Task<OpenAiError?>> answer) =>
        calls.RunAsync(context, caller => OpenAsync(context, () => answer(caller)));

    /// <summary>Runs an endpoint that takes a content.</summary>
    /// <param name="answer">Returns the error; null when it has answered.</param>
    public Task RunAsync(HttpContext context, BodyLimit limit, Func<FileCaller, BodyLimit, Task<OpenAiError?>> answer) =>
        calls.RunAsync(context, limit, caller => answer(caller, limit));

    private async Task<OpenAiError?> OpenAsync(HttpContext context, Func<Task<OpenAiError?>> answer)
    {
        try
        {
            return await answer();
        }
        catch (DamagedContentException exception)
        {
            metrics.ContentDamaged();
            LogDamaged(logger, exception, context.Request.Path);
            return OpenAiError.ResponseDamaged();
        }
    }

    [LoggerMessage(1, LogLevel.Error, "{Path} needs a content that is damaged: restore the database, and the master key that sealed it.")]
    private static partial void LogDamaged(ILogger logger, Exception exception, string path);
}
