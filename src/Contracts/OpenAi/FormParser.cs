using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace Tollgate.Contracts.OpenAi;

/// <summary>Parses forms for gateway and worker alike, on the framework's reader of MIME parts.</summary>
internal static class FormParser
{
    private const int MostHeaders = 16;
    private const int LongestHeaders = 8 * 1024;
    private const int LongestBoundary = 70;
    private const int BufferBytes = 16 * 1024;

    private static readonly SearchValues<char> BoundaryCharacters =
        SearchValues.Create("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'()+_,-./:=? ");

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <inheritdoc cref="RequestForm.ParseAsync"/>
    public static async Task<OrRefusal<RequestForm>> ParseAsync(
        ReadOnlyMemory<byte> body, string? contentType, CancellationToken cancellationToken)
    {
        if (ReadBoundary(contentType) is not { } boundary)
        {
            return NoBoundary;
        }

        var array = MemoryMarshal.TryGetArray(body, out var segment) ? segment : new ArraySegment<byte>(body.ToArray());
        await using var stream = new MemoryStream(array.Array!, array.Offset, array.Count, writable: false);
        var reader = Reader(boundary, stream);
        var form = new RequestForm(body, boundary);
        try
        {
            return await ReadPartsAsync(reader, form, cancellationToken) is { } error ? error : form;
        }
        catch (InvalidDataException)
        {
            return BadHeaders;
        }
        catch (IOException)
        {
            return CutOff;
        }
    }

    internal static OpenAiError NoBoundary { get; } = OpenAiError.MalformedForm(
        $"the Content-Type header needs one boundary of 1 to {LongestBoundary} characters that RFC 2046 allows");

    internal static OpenAiError BadHeaders { get; } = OpenAiError.MalformedForm(
        $"a part has more than {MostHeaders} header lines, more than {LongestHeaders} bytes of them, or a line that is no header");

    internal static OpenAiError CutOff { get; } =
        OpenAiError.MalformedForm("it ends before its closing boundary, or the boundary is another one than in the header");

    internal static MultipartReader Reader(string boundary, Stream body) => new(boundary, body, BufferBytes)
    {
        HeadersCountLimit = MostHeaders,
        HeadersLengthLimit = LongestHeaders,
    };

    private static async Task<OpenAiError?> ReadPartsAsync(MultipartReader reader, RequestForm form, CancellationToken cancellationToken)
    {
        var parts = new List<FormPart>();
        var scratch = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            while (await reader.ReadNextSectionAsync(cancellationToken) is { } section)
            {
                if (parts.Count == RequestForm.MostParts)
                {
                    return OpenAiError.MalformedForm($"it has more than {RequestForm.MostParts} parts");
                }

                if (!ReadHeaders(section).TryGet(out var headers, out var invalid))
                {
                    return invalid;
                }

                var length = 0;
                int read;
                while ((read = await section.Body.ReadAsync(scratch, cancellationToken)) > 0)
                {
                    length += read;
                }

                if (!Finish(form, headers, new ByteRange((int)section.BaseStreamOffset!.Value, length)).TryGet(out var part, out invalid))
                {
                    return invalid;
                }

                parts.Add(part);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(scratch);
        }

        form.Parts = parts;
        return parts.Count == 0 ? OpenAiError.MalformedForm("it has no part") : null;
    }

    internal static OrRefusal<PartHeaders> ReadHeaders(MultipartSection section)
    {
        if (!ContentDispositionHeaderValue.TryParse(section.ContentDisposition, out var disposition)
            || !disposition.DispositionType.Equals("form-data", StringComparison.OrdinalIgnoreCase)
            || Unquote(disposition.Name.Value) is not { Length: > 0 and <= FileNames.Longest } name)
        {
            return OpenAiError.MalformedForm(
                $"a part has no Content-Disposition of form-data with a name of 1 to {FileNames.Longest} characters");
        }

        if (name.Any(char.IsControl))
        {
            return OpenAiError.MalformedForm("the name of a part has a control character");
        }

        if (section.Headers!.TryGetValue("Content-Transfer-Encoding", out var encoding)
            && encoding.ToString().Trim().ToUpperInvariant() is not ("7BIT" or "8BIT" or "BINARY"))
        {
            return OpenAiError.InvalidValue(OpenAiError.Shorten(name), "a part without Content-Transfer-Encoding");
        }

        var star = disposition.FileNameStar.Value;
        var fileName = star is { Length: > 0 } ? star : Unquote(disposition.FileName.Value);
        if (fileName is not null && !FileNames.IsText(fileName))
        {
            return OpenAiError.InvalidValue(OpenAiError.Shorten(name), FileNames.Expected);
        }

        return new PartHeaders(name, fileName is null ? null : FileNames.LastSegment(fileName), section.ContentType);
    }

    private static OrRefusal<FormPart> Finish(RequestForm form, PartHeaders headers, ByteRange range)
    {
        var part = new FormPart(form, range) { Name = headers.Name, FileName = headers.FileName, ContentType = headers.ContentType };
        if (part.IsFile)
        {
            return part;
        }

        return ReadText(headers, part.Bytes.Span, range.Length <= RequestForm.LongestField, out var text) is { } invalid
            ? invalid
            : new FormPart(form, range) { Name = part.Name, ContentType = part.ContentType, Text = text };
    }

    /// <summary>Decodes a field. Returns what is wrong with it; null when nothing is.</summary>
    /// <param name="fits">Whether <paramref name="utf8"/> is the whole field; a longer one is refused.</param>
    internal static OpenAiError? ReadText(PartHeaders headers, ReadOnlySpan<byte> utf8, bool fits, out string text)
    {
        text = "";
        var param = OpenAiError.Shorten(headers.Name);
        if (!fits)
        {
            return OpenAiError.InvalidValue(param, $"a text of at most {RequestForm.LongestField} bytes");
        }

        if (headers.ContentType is { } type && MediaTypeHeaderValue.TryParse(type, out var media) && media.Charset.Length > 0
            && Unquote(media.Charset.Value)!.ToUpperInvariant() is not ("UTF-8" or "US-ASCII"))
        {
            return OpenAiError.InvalidValue(param, "a text in UTF-8");
        }

        try
        {
            text = Strict.GetString(utf8);
            return null;
        }
        catch (DecoderFallbackException)
        {
            return OpenAiError.InvalidText(param, "is not valid UTF-8");
        }
    }

    /// <summary>Null without exactly one usable boundary.</summary>
    internal static string? ReadBoundary(string? contentType)
    {
        if (!MediaTypeHeaderValue.TryParse(contentType, out var media)
            || media.Parameters.Count(parameter => parameter.Name.Equals("boundary", StringComparison.OrdinalIgnoreCase)) != 1)
        {
            return null;
        }

        var boundary = Unquote(media.Boundary.Value);
        return boundary is { Length: > 0 and <= LongestBoundary } && !boundary.AsSpan().ContainsAnyExcept(BoundaryCharacters)
            && !boundary.EndsWith(' ') ? boundary : null;
    }

    private static string? Unquote(string? text) => text is null ? null : HeaderUtilities.UnescapeAsQuotedString(text).Value;

}

/// <summary>What the headers of a part say.</summary>
/// <param name="FileName">Last segment of the client's path; null for a field.</param>
internal sealed record PartHeaders(string Name, string? FileName, string? ContentType);
