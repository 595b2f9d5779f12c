using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Tollgate.Contracts.OpenAi;

/// <summary>
/// A body of media type <c>multipart/form-data</c> (RFC 7578). Fields are texts; files are slices of the body and share its memory, so the
/// owner of that memory disposes the form first. Thread-safe for readers.
/// </summary>
public sealed class RequestForm : IDisposable
{
    public const string MediaType = "multipart/form-data";

    /// <summary>Most fields and files of one form.</summary>
    public const int MostParts = 128;

    /// <summary>Longest text of a field, bytes.</summary>
    public const int LongestField = 64 * 1024;

    private readonly ReadOnlyMemory<byte> _body;
    private bool _disposed;

    internal RequestForm(ReadOnlyMemory<byte> body, string boundary) => (_body, Boundary) = (body, boundary);

    /// <summary>The line between parts, without its two dashes: 1 to 70 ASCII characters that need no quotes inside quotes.</summary>
    public string Boundary { get; }

    /// <summary>Fields and files in the order of the body.</summary>
    public IReadOnlyList<FormPart> Parts { get; internal set; } = [];

    /// <summary>Whether a content type states a form, with or without a boundary.</summary>
    public static bool IsForm(string? contentType) =>
        MediaType.Equals(contentType?.Split(';')[0].Trim(), StringComparison.OrdinalIgnoreCase);

    /// <summary>Parses and checks a body. The error names the part at fault where one is at fault.</summary>
    /// <param name="contentType">The request's header, with the boundary.</param>
    public static Task<OrRefusal<RequestForm>> ParseAsync(
        ReadOnlyMemory<byte> body, string? contentType, CancellationToken cancellationToken) =>
        FormParser.ParseAsync(body, contentType, cancellationToken);

    /// <summary>
    /// Adds what the form says to a hash: names, file names, content types and bytes of all parts. Two bodies that differ in the boundary
    /// alone add the same, because clients draw a boundary for each try.
    /// </summary>
    public void AppendTo(IncrementalHash hash)
    {
        Span<byte> length = stackalloc byte[sizeof(int)];
        foreach (var part in Parts)
        {
            AppendText(hash, length, part.Name);
            AppendText(hash, length, part.FileName);
            AppendText(hash, length, part.ContentType);
            BinaryPrimitives.WriteInt32LittleEndian(length, part.Range.Length);
            hash.AppendData(length);
            hash.AppendData(part.Bytes.Span);
        }
    }

    /// <summary>Ends the use of the body's memory: the bytes of a part throw from now on.</summary>
    public void Dispose() => _disposed = true;

    /// <exception cref="ObjectDisposedException">The body's memory has gone to another owner.</exception>
    internal ReadOnlyMemory<byte> Slice(ByteRange range)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return _body.Slice(range.Start, range.Length);
    }

    private static void AppendText(IncrementalHash hash, Span<byte> length, string? text)
    {
        BinaryPrimitives.WriteInt32LittleEndian(length, text is null ? -1 : Encoding.UTF8.GetByteCount(text));
        hash.AppendData(length);
        hash.AppendData(Encoding.UTF8.GetBytes(text ?? ""));
    }
}

/// <summary>One field or file of a form.</summary>
/// <param name="form">Holds the bytes.</param>
/// <param name="range">Position of the value in the body.</param>
public sealed class FormPart(RequestForm form, ByteRange range)
{
    /// <summary>As the client wrote it, such as <c>timestamp_granularities[]</c>. Not empty.</summary>
    public required string Name { get; init; }

    /// <summary>
    /// Last segment of the client's path, without control characters; null for a field. A client may choose any name: it is no path here
    /// and no proof of a format.
    /// </summary>
    public string? FileName { get; init; }

    /// <summary>The part's own content type as the client states it, or null.</summary>
    public string? ContentType { get; init; }

    /// <summary>The text of a field; empty for a file.</summary>
    public string Text { get; init; } = "";

    public bool IsFile => FileName is not null;

    public ByteRange Range => range;

    /// <exception cref="ObjectDisposedException">The form was disposed.</exception>
    public ReadOnlyMemory<byte> Bytes => form.Slice(range);
}
