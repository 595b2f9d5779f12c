using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.IO.Pipelines;
using System.Net.Http.Headers;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.Calls;
using Tollgate.Gateway.Memory;

namespace Tollgate.Gateway.Pipeline;

/// <summary>The whole body of a request in one pooled array. Dispose returns the array.</summary>
internal sealed class RequestBody : IDisposable
{
    /// <summary>
    /// How much more than the limit Kestrel may read and drop behind the 413, bytes: most clients read an answer only when they have sent
    /// everything, and would see a broken connection instead. Kestrel gives it five seconds.
    /// </summary>
    private const int MostDropped = 32 * 1024 * 1024;

    /// <summary>What a body's declared length may take before anything has come, bytes.</summary>
    private const int LargestStart = 64 * 1024;

    private readonly PooledBuffer _buffer;

    private RequestBody(int capacity) => _buffer = new PooledBuffer(capacity);

    public ReadOnlyMemory<byte> Bytes => _buffer.Written;

    /// <summary>The parts of a body that is a form; null for JSON. Its files end with <see cref="Dispose"/>.</summary>
    public RequestForm? Form { get; private set; }

    /// <summary>Length of the JSON that has bytes of tensors behind it; null where the body is something else.</summary>
    public int? HeaderLength { get; private set; }

    /// <summary>
    /// Reads the body. Refuses one whose content type the endpoint does not read, that is compressed, is larger than
    /// <paramref name="limit"/> bytes, comes too slowly, stops in the middle, or is no form where it claims to be one.
    /// </summary>
    /// <param name="patience">Of the body.</param>
    public static async Task<OrRefusal<RequestBody>> ReadAsync(
        HttpContext context, InferenceEndpoint endpoint, int limit, BodyPatience patience)
    {
        var request = context.Request;
        var isForm = RequestForm.IsForm(request.ContentType);
        var isJson = JsonContentType.IsJson(request.ContentType, endpoint.TakesUnlabelledJson);
        var type = isForm ? BodyTypes.Form : isJson ? BodyTypes.Json
            : IsTensors(request.ContentType) ? BodyTypes.Tensors : BodyTypes.None;
        var isRead = (endpoint.Api.Bodies & type) != BodyTypes.None;
        if (!isRead || !request.Headers.ContentEncoding.All(encoding => encoding is "identity"))
        {
            return OpenAiError.UnsupportedMediaType(
                isRead ? $"{request.ContentType}; Content-Encoding: {request.Headers.ContentEncoding}" : request.ContentType,
                endpoint.Api.Bodies);
        }

        int? headerLength = null;
        if (endpoint.Api.Bodies.HasFlag(BodyTypes.Tensors)
            && !TryReadHeaderLength(request, type == BodyTypes.Tensors, out headerLength, out var badHeader))
        {
            return badHeader;
        }

        var read = await ReadBytesAsync(context, limit, patience);
        if (headerLength is not null && read.Value is { } withTensors)
        {
            withTensors.HeaderLength = headerLength;
        }

        if (!isForm || !read.TryGet(out var body, out _))
        {
            return read;
        }

        if ((await RequestForm.ParseAsync(body.Bytes, request.ContentType, context.RequestAborted)).TryGet(out var form, out var invalid))
        {
            body.Form = form;
            return body;
        }

        body.Dispose();
        return invalid;
    }

    private static bool IsTensors(string? contentType) =>
        MediaTypeHeaderValue.TryParse(contentType, out var type) && type.MediaType == TensorBodies.MediaType;

    /// <summary>Reads where the JSON of a body ends. Clients name it with any content type; without it bytes have no meaning.</summary>
    private static bool TryReadHeaderLength(
        HttpRequest request, bool isBinary, out int? length, [NotNullWhen(false)] out OpenAiError? error)
    {
        (length, error) = (null, null);
        var values = request.Headers[TensorBodies.HeaderLength];
        if (values.Count == 0)
        {
            error = isBinary
                ? OpenAiError.MissingHeader(TensorBodies.HeaderLength, "State the length of the JSON in front of the tensors.") : null;
            return !isBinary;
        }

        if (values is [{ } text] && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var read))
        {
            length = read;
            return true;
        }

        error = OpenAiError.InvalidHeader(TensorBodies.HeaderLength, "it is no number of bytes");
        return false;
    }

    /// <summary>What Kestrel found wrong with a request, as the client reads it.</summary>
    public static OpenAiError ToError(BadHttpRequestException exception, long limit) => exception.StatusCode switch
    {
        StatusCodes.Status413PayloadTooLarge => OpenAiError.BodyTooLarge(limit),
        StatusCodes.Status408RequestTimeout => OpenAiError.BodyTooSlow(),
        _ => OpenAiError.BodyIncomplete(),
    };

    public void Dispose()
    {
        Form?.Dispose();
        _buffer.Dispose();
    }

    private static async Task<OrRefusal<RequestBody>> ReadBytesAsync(HttpContext context, int limit, BodyPatience patience)
    {
        var request = context.Request;

        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = limit + MostDropped;
        }

        if (request.ContentLength > limit)
        {
            return OpenAiError.BodyTooLarge(limit);
        }

        // A length is a claim: memory is taken for it as the bytes come.
        var body = new RequestBody((int)Math.Min(request.ContentLength ?? 4096, LargestStart));
        try
        {
            var fits = await body.FillAsync(request.BodyReader, limit, patience);
            if (fits)
            {
                return body;
            }
        }
        catch (IOException exception) when (exception is not BadHttpRequestException && !context.RequestAborted.IsCancellationRequested)
        {
            // Kestrel reports a chunk whose size it cannot count like this.
            body.Dispose();
            return OpenAiError.BodyIncomplete();
        }
        catch (BadHttpRequestException exception)
        {
            body.Dispose();
            return ToError(exception, limit);
        }
        catch
        {
            body.Dispose();
            throw;
        }

        body.Dispose();
        return OpenAiError.BodyTooLarge(limit);
    }

    private async Task<bool> FillAsync(PipeReader reader, int limit, BodyPatience patience)
    {
        while (true)
        {
            var result = await patience.ReadAsync();
            var read = result.Buffer;
            if (_buffer.Length + read.Length > limit)
            {
                reader.AdvanceTo(read.Start);
                return false;
            }

            _buffer.Append(read);
            reader.AdvanceTo(read.End);
            if (result.IsCompleted)
            {
                return true;
            }
        }
    }
}
