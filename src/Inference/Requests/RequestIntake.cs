using System.Globalization;
using System.Net.Mime;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Workers;

namespace Tollgate.Inference.Requests;

/// <summary>Reads what a gateway sends: the body and the platform's headers.</summary>
internal static class RequestIntake
{
    private const string IdFormat = "N";

    /// <summary>Largest body that is read, bytes: the highest limit that a gateway may be given, and room for its edits.</summary>
    private const long MostBytes = (256 * 1024 * 1024) + (64 * 1024);

    /// <summary>Reads the body whole; null after it has answered with an error.</summary>
    public static async Task<IncomingBody?> ReadBodyAsync(HttpContext context, PublicEndpoint endpoint)
    {
        var request = context.Request;
        var isForm = RequestForm.IsForm(request.ContentType);
        var isJson = MediaTypeNames.Application.Json.Equals(request.ContentType?.Split(';')[0].Trim(), StringComparison.OrdinalIgnoreCase);
        var isBinary = TensorBodies.MediaType.Equals(request.ContentType, StringComparison.OrdinalIgnoreCase);
        var type = isForm ? BodyTypes.Form : isJson ? BodyTypes.Json : isBinary ? BodyTypes.Tensors : BodyTypes.None;
        if ((endpoint.Bodies & type) == BodyTypes.None)
        {
            await ErrorAnswer.WriteAsync(context, OpenAiError.UnsupportedMediaType(request.ContentType, endpoint.Bodies));
            return null;
        }

        if (await ReadBytesAsync(context) is not { } bytes)
        {
            return null;
        }

        if (!isForm)
        {
            return new IncomingBody(bytes, null);
        }

        if ((await RequestForm.ParseAsync(bytes, request.ContentType, context.RequestAborted)).TryGet(out var form, out var invalid))
        {
            return new IncomingBody(bytes, form);
        }

        await ErrorAnswer.WriteAsync(context, invalid);
        return null;
    }

    /// <summary>Who asks. A caller that names no request gets an id of the worker's own.</summary>
    public static RequestIdentity Identify(HttpRequest request, TimeProvider clock)
    {
        var id = ReadId(request, WorkerHeaders.RequestId) ?? Guid.CreateVersion7(clock.GetUtcNow());
        _ = int.TryParse(request.Headers[WorkerHeaders.Attempt], NumberStyles.None, CultureInfo.InvariantCulture, out var attempt);
        return new RequestIdentity(
            id, Math.Max(1, attempt), ReadId(request, WorkerHeaders.Organization) ?? Guid.Empty,
            ServiceClassNames.Parse(request.Headers[WorkerHeaders.ServiceClass]) ?? ServiceClass.Standard,
            request.Headers[WorkerHeaders.Shadow] == "1");
    }

    /// <summary>Reads an id of 32 hex digits; null for anything else.</summary>
    public static Guid? ParseId(string? text) => Guid.TryParseExact(text, IdFormat, out var id) ? id : null;

    private static async Task<ReadOnlyMemory<byte>?> ReadBytesAsync(HttpContext context)
    {
        var request = context.Request;
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = MostBytes; // The gateway has applied the operator's limit.
        }

        try
        {
            using var body = new MemoryStream((int)Math.Min(request.ContentLength ?? 0, 1 << 20));
            await request.Body.CopyToAsync(body, context.RequestAborted);
            return body.GetBuffer().AsMemory(0, (int)body.Length);
        }
        catch (BadHttpRequestException exception) when (exception.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            await ErrorAnswer.WriteAsync(context, OpenAiError.BodyTooLarge(MostBytes));
            return null;
        }
    }

    private static Guid? ReadId(HttpRequest request, string header) => ParseId(request.Headers[header]);
}

/// <summary>A body as it came.</summary>
/// <param name="Form">Its parts when it is a form; null for JSON.</param>
internal sealed record IncomingBody(ReadOnlyMemory<byte> Bytes, RequestForm? Form);
