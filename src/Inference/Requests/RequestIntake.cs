using System.Globalization;
using System.Net.Mime;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Workers;

namespace Tollgate.Inference.Requests;

/// <summary>Reads what a gateway sends: the body and the platform's headers.</summary>
internal static class RequestIntake
{
    private const string IdFormat = "N";

    /// <summary>Reads the body whole; null after it has answered with an error.</summary>
    public static async Task<ReadOnlyMemory<byte>?> ReadBodyAsync(HttpContext context)
    {
        var request = context.Request;
        if (!MediaTypeNames.Application.Json.Equals(request.ContentType?.Split(';')[0].Trim(), StringComparison.OrdinalIgnoreCase))
        {
            await ErrorAnswer.WriteAsync(context, OpenAiError.UnsupportedMediaType(request.ContentType));
            return null;
        }

        try
        {
            using var body = new MemoryStream((int)Math.Min(request.ContentLength ?? 0, 1 << 20));
            await request.Body.CopyToAsync(body, context.RequestAborted);
            return body.GetBuffer().AsMemory(0, (int)body.Length);
        }
        catch (BadHttpRequestException exception) when (exception.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            var limit = context.Features.Get<IHttpMaxRequestBodySizeFeature>()?.MaxRequestBodySize ?? 0;
            await ErrorAnswer.WriteAsync(context, OpenAiError.BodyTooLarge(limit));
            return null;
        }
    }

    /// <summary>Who asks. A caller that names no request gets an id of the worker's own.</summary>
    public static RequestIdentity Identify(HttpRequest request, TimeProvider clock)
    {
        var id = ReadId(request, WorkerHeaders.RequestId) ?? Guid.CreateVersion7(clock.GetUtcNow());
        _ = int.TryParse(request.Headers[WorkerHeaders.Attempt], NumberStyles.None, CultureInfo.InvariantCulture, out var attempt);
        return new RequestIdentity(id, Math.Max(1, attempt), ReadId(request, WorkerHeaders.Organization) ?? Guid.Empty);
    }

    /// <summary>Reads an id of 32 hex digits; null for anything else.</summary>
    public static Guid? ParseId(string? text) => Guid.TryParseExact(text, IdFormat, out var id) ? id : null;

    private static Guid? ReadId(HttpRequest request, string header) => ParseId(request.Headers[header]);
}
