using System.Buffers;
using Microsoft.AspNetCore.WebUtilities;

namespace Tollgate.Contracts.OpenAi;

/// <summary>
/// Reads a form part by part as its bytes come, by the rules of <see cref="RequestForm"/>, and holds at most one buffer of it. Not
/// thread-safe.
/// </summary>
public sealed class FormStream
{
    private readonly MultipartReader _reader;
    private int _parts;

    private FormStream(MultipartReader reader) => _reader = reader;

    /// <summary>Begins to read a form; refuses a content type without a boundary.</summary>
    /// <param name="contentType">The request's header.</param>
    public static OrRefusal<FormStream> Open(Stream body, string? contentType) => FormParser.ReadBoundary(contentType) is { } boundary
        ? new FormStream(FormParser.Reader(boundary, body))
        : FormParser.NoBoundary;

    /// <summary>
    /// Skips what is left of the current part and reads the headers of the next one. Null at the end of the form; a form without any part
    /// is refused.
    /// </summary>
    public async Task<OrRefusal<StreamedPart>?> NextAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (await _reader.ReadNextSectionAsync(cancellationToken) is not { } section)
            {
                return _parts > 0 ? null : (OrRefusal<StreamedPart>?)OpenAiError.MalformedForm("it has no part");
            }

            if (++_parts > RequestForm.MostParts)
            {
                return OpenAiError.MalformedForm($"it has more than {RequestForm.MostParts} parts");
            }

            return FormParser.ReadHeaders(section).TryGet(out var headers, out var invalid)
                ? new StreamedPart(headers, section.Body)
                : invalid;
        }
        catch (Exception exception) when (Explain(exception) is { } refusal)
        {
            return refusal;
        }
    }

    /// <summary>The refusal for what reading a part threw; null when the form is not to blame.</summary>
    public static OpenAiError? Explain(Exception exception) => exception switch
    {
        InvalidDataException => FormParser.BadHeaders,
        IOException when exception.GetType() == typeof(IOException) => FormParser.CutOff, // Kestrel's have types of their own.
        _ => null,
    };
}

/// <summary>One part of a form that is still being sent.</summary>
public sealed class StreamedPart
{
    private readonly PartHeaders _headers;

    internal StreamedPart(PartHeaders headers, Stream body) => (_headers, Body) = (headers, body);

    /// <summary>As the client wrote it; not empty.</summary>
    public string Name => _headers.Name;

    /// <summary>Last segment of the client's path, without control characters; null for a field.</summary>
    public string? FileName => _headers.FileName;

    /// <summary>The part's own content type, or null.</summary>
    public string? ContentType => _headers.ContentType;

    /// <summary>The value, readable once, until the next part is read.</summary>
    public Stream Body { get; }

    /// <summary>Reads a field of at most <see cref="RequestForm.LongestField"/> bytes of UTF-8.</summary>
    public async Task<OrRefusal<string>> ReadTextAsync(CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(RequestForm.LongestField + 1);
        try
        {
            var read = await Body.ReadAtLeastAsync(
                buffer.AsMemory(0, RequestForm.LongestField + 1), RequestForm.LongestField + 1, throwOnEndOfStream: false,
                cancellationToken);
            return FormParser.ReadText(_headers, buffer.AsSpan(0, read), read <= RequestForm.LongestField, out var text) is { } invalid
                ? invalid
                : text;
        }
        catch (Exception exception) when (FormStream.Explain(exception) is { } refusal)
        {
            return refusal;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
