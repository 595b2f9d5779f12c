namespace Tollgate.Contracts.Datasets;

/// <summary>
/// Recognises files that are neither JSONL nor CSV by their first bytes, so that a refusal names what was sent. A mark of letters alone
/// could be the name of a column, so each has a byte that no name has, or is a word of its format.
/// </summary>
internal static class FileKind
{
    /// <summary>Bytes that <see cref="Refuse"/> needs to see, unless the file is shorter. A tar archive has its mark at 257.</summary>
    public const int HeadBytes = 512;

    private const string SendText = "Send a text file: JSONL or CSV in UTF-8.";
    private const string SaveAsCsv = "Save the sheet as CSV in UTF-8, and send that.";

    private static readonly (byte[] Mark, string Kind)[] Packed =
    [
        ([0x1F, 0x8B], "a gzip file"), ([0xFD, .. "7zXZ\0"u8], "an xz file"), ([0x28, 0xB5, 0x2F, 0xFD], "a zstd file"),
        ([.. "7z"u8, 0xBC, 0xAF, 0x27, 0x1C], "a 7z file"), ([.. "Rar!"u8], "a RAR file"), ([0x04, 0x22, 0x4D, 0x18], "an LZ4 file"),
        ([0x1F, 0x9D], "a compress (.Z) file"), ([.. "PK\x05\x06"u8], "an empty zip file"), ([.. "PK\x07\x08"u8], "a split zip file"),
    ];

    private static readonly (byte[] Mark, string Kind, string Advice)[] Other =
    [
        ([.. "%PDF-"u8], "a PDF file", SendText),
        ([0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1], "an old Excel or Word file", SaveAsCsv),
        ([0x89, .. "PNG"u8], "a PNG picture", SendText), ([0xFF, 0xD8, 0xFF], "a JPEG picture", SendText),
        ([.. "GIF87a"u8], "a GIF picture", SendText), ([.. "GIF89a"u8], "a GIF picture", SendText),
        ([.. "II*\0"u8], "a TIFF picture", SendText), ([.. "MM\0*"u8], "a TIFF picture", SendText),
        ([.. "PAR1\x15"u8], "a Parquet file", "Convert it to JSONL."), ([.. "ARROW1\0\0"u8], "an Arrow file", "Convert it to JSONL."),
        ([0x93, .. "NUMPY"u8], "a NumPy file", "Convert it to JSONL."), ([0x89, .. "HDF"u8], "an HDF5 file", "Convert it to JSONL."),
        ([.. "SQLite format 3\0"u8], "an SQLite database", "Export the rows as JSONL or CSV."),
        ([0x7F, .. "ELF"u8], "a program", SendText), ([.. "OggS\0"u8], "an Ogg sound", SendText),
        ([.. "version https://git-lfs."u8], "a pointer of Git LFS, not the file itself", "Run 'git lfs pull', and send the file."),
    ];

    /// <summary>Names a file that cannot hold rows.</summary>
    /// <param name="head">The first <see cref="HeadBytes"/> bytes of the file, or all of them.</param>
    /// <returns>The reason to refuse it; null for one that may be text in UTF-8.</returns>
    public static FaultText? Refuse(ReadOnlySpan<byte> head)
    {
        foreach (var (mark, kind) in Packed)
        {
            if (head.StartsWith(mark))
            {
                return FaultTexts.CompressedFile(kind);
            }
        }

        foreach (var (mark, kind, advice) in Other)
        {
            if (head.StartsWith(mark))
            {
                return FaultTexts.WrongFileType(kind, advice);
            }
        }

        return RefuseByContent(head) ?? (Encoding(head) is { } encoding ? FaultTexts.WrongEncoding(encoding) : null);
    }

    private static FaultText? RefuseByContent(ReadOnlySpan<byte> head) => head switch
    {
        _ when head.StartsWith("PK\x03\x04"u8) && head.IndexOf("[Content_Types].xml"u8) > 0 =>
            FaultTexts.WrongFileType("an Excel (.xlsx) or other Office file", SaveAsCsv),
        _ when head.StartsWith("PK\x03\x04"u8) => FaultTexts.CompressedFile("a zip file"),
        [(byte)'B', (byte)'Z', (byte)'h', >= (byte)'1' and <= (byte)'9', 0x31 or 0x17, ..] => FaultTexts.CompressedFile("a bzip2 file"),
        { Length: >= 262 } when head[257..].StartsWith("ustar"u8) => FaultTexts.CompressedFile("a tar archive"),
        [(byte)'R', (byte)'I', (byte)'F', (byte)'F', _, _, _, _, (byte)'W', ..] =>
            FaultTexts.WrongFileType("a WebP picture or a WAV sound", SendText),
        [(byte)'I', (byte)'D', (byte)'3', >= 2 and <= 4, ..] => FaultTexts.WrongFileType("an MP3 sound", SendText),
        [0x80, >= 2 and <= 5, ..] => FaultTexts.WrongFileType("a Python pickle, which is never opened", "Write the rows as JSONL."),
        [(byte)'B', (byte)'M', _, _, _, _, 0, 0, 0, 0, ..] => FaultTexts.WrongFileType("a BMP picture", SendText),
        _ => RefuseMarkup(head),
    };

    private static FaultText? RefuseMarkup(ReadOnlySpan<byte> head)
    {
        Span<byte> start = stackalloc byte[16];
        var text = (head.StartsWith("\uFEFF"u8) ? head[3..] : head).TrimStart(" \t\r\n"u8);
        text = text[..Math.Min(text.Length, start.Length)];
        var written = System.Text.Ascii.ToLower(text, start, out var length) == System.Buffers.OperationStatus.Done ? start[..length] : [];
        return written switch
        {
            _ when written.StartsWith("<!doctype html"u8) || written.StartsWith("<html"u8) || written.StartsWith("<head"u8) =>
                FaultTexts.WrongFileType("an HTML page", "Download the file itself, not the page that shows it."),
            _ when written.StartsWith("<?xml"u8) => FaultTexts.WrongFileType("an XML file", "Convert it to JSONL or CSV."),
            _ => null,
        };
    }

    /// <summary>An encoding other than UTF-8, known by its byte order mark, or by the zeros between letters without one.</summary>
    private static string? Encoding(ReadOnlySpan<byte> head) => head switch
    {
        [0xFF, 0xFE, 0x00, 0x00, ..] => "UTF-32 (little endian)",
        [0x00, 0x00, 0xFE, 0xFF, ..] => "UTF-32 (big endian)",
        [0xFF, 0xFE, ..] => "UTF-16 (little endian)",
        [0xFE, 0xFF, ..] => "UTF-16 (big endian)",
        [not 0, 0, 0, 0, not 0, 0, 0, 0, ..] => "UTF-32 (little endian, without a byte order mark)",
        [0, 0, 0, not 0, 0, 0, 0, not 0, ..] => "UTF-32 (big endian, without a byte order mark)",
        [not 0, 0, not 0, 0, ..] => "UTF-16 (little endian, without a byte order mark)",
        [0, not 0, 0, not 0, ..] => "UTF-16 (big endian, without a byte order mark)",
        [0x2B, 0x2F, 0x76, 0x38 or 0x39 or 0x2B or 0x2F, ..] => "UTF-7",
        _ => null,
    };
}
