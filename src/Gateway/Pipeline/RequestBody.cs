using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Tollgate.Contracts.OpenAi;
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

    /// <summary>Reads the body. Refuses one that is not JSON by its content type, is compressed, is larger than <paramref name="limit"/>
    /// bytes, comes too slowly, or stops in the middle.</summary>
    /// <param name="unlabelled">Whether content types that say nothing about the body are taken for JSON.</param>
    public static async Task<OrRefusal<RequestBody>> ReadAsync(HttpContext context, int limit, bool unlabelled = false)
    {
        var request = context.Request;
        var isJson = JsonContentType.IsJson(request.ContentType, unlabelled);
        if (!isJson || !request.Headers.ContentEncoding.All(encoding => encoding is "identity"))
        {
            return OpenAiError.UnsupportedMediaType(
                isJson
                    ? $"{request.ContentType}; Content-Encoding: {request.Headers.ContentEncoding}" : request.ContentType);
        }

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
            var fits = await body.FillAsync(request.BodyReader, limit, context.RequestAborted);
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

    /// <summary>What Kestrel found wrong with a request, as the client reads it.</summary>
    public static OpenAiError ToError(BadHttpRequestException exception, int limit) => exception.StatusCode switch
    {
        StatusCodes.Status413PayloadTooLarge => OpenAiError.BodyTooLarge(limit),
        StatusCodes.Status408RequestTimeout => OpenAiError.BodyTooSlow(),
        _ => OpenAiError.BodyIncomplete(),
    };

    public void Dispose() => _buffer.Dispose();

    private async Task<bool> FillAsync(PipeReader reader, int limit, CancellationToken cancellationToken)
    {
        while (true)
        {
            var result = await reader.ReadAsync(cancellationToken);
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
