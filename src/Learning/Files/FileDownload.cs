using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Net.Http.Headers;
using Tollgate.Contracts.OpenAi;
using Tollgate.Learning.Contents;
using Tollgate.Learning.Telemetry;

namespace Tollgate.Learning.Files;

/// <summary>Sends a file's content, whole or one range of it. Each chunk is checked before it leaves.</summary>
internal sealed partial class FileDownload(ContentStore contents, LearningMetrics metrics, ILogger<FileDownload> logger)
{
    private const int BufferBytes = 64 * 1024;

    /// <summary>Answers with the content. Returns the error when nothing of it can be sent.</summary>
    public async Task<OpenAiError?> SendAsync(HttpContext context, StoredFile file)
    {
        if (!TryReadRange(context.Request, file.Bytes, out var from, out var to))
        {
            context.Response.Headers.ContentRange = $"bytes */{file.Bytes}";
            return OpenAiError.RangeNotSatisfiable(file.Bytes);
        }

        try
        {
            await using var content = await contents.OpenAsync(file.Blob, file.WrappedKey, file.Bytes, from, context.RequestAborted);
            WriteHeaders(context.Response, file, from, to);
            await CopyAsync(content, context.Response.Body, to - from + 1, context.RequestAborted);
            return null;
        }
        catch (DamagedContentException exception)
        {
            metrics.ContentDamaged();
            LogDamaged(logger, exception, file.PublicId);
            return OpenAiError.FileDamaged();
        }
    }

    private static void WriteHeaders(HttpResponse response, StoredFile file, long from, long to)
    {
        if (to - from + 1 < file.Bytes)
        {
            response.StatusCode = StatusCodes.Status206PartialContent;
            response.Headers.ContentRange = $"bytes {from}-{to}/{file.Bytes}";
        }

        var disposition = new ContentDispositionHeaderValue("attachment"); // A browser never shows it as a page of ours.
        disposition.SetHttpFileName(file.Name);
        response.Headers.ContentDisposition = disposition.ToString();
        response.Headers.AcceptRanges = "bytes";
        response.ContentType = file.MediaType;
        response.ContentLength = to - from + 1;
    }

    /// <summary>The one range that a request asks for, or the whole file. False for a range behind the end.</summary>
    private static bool TryReadRange(HttpRequest request, long bytes, out long from, out long to)
    {
        (from, to) = (0, bytes - 1);
        if (request.Headers.IfRange.Count > 0 || !RangeHeaderValue.TryParse(request.Headers.Range.ToString(), out var range)
            || range.Unit != "bytes" || range.Ranges.Count != 1)
        {
            return true; // A range that is not understood is ignored, as HTTP has it.
        }

        var asked = range.Ranges.First();
        if (asked.From is { } first)
        {
            (from, to) = (first, Math.Min(asked.To ?? to, to));
            return first < bytes;
        }

        from = Math.Max(0, bytes - asked.To!.Value);
        return asked.To > 0;
    }

    private async Task CopyAsync(Stream content, Stream target, long bytes, CancellationToken cancellationToken)
    {
        var buffer = new byte[BufferBytes];
        for (var left = bytes; left > 0;)
        {
            var read = await content.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, left)), cancellationToken);
            await target.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            left -= read;
            metrics.ContentSent(read);
        }
    }

    [LoggerMessage(1, LogLevel.Error, "The content of {File} is damaged: restore the store, and the master key that sealed it.")]
    private static partial void LogDamaged(ILogger logger, Exception exception, string file);
}
