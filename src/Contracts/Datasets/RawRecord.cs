namespace Tollgate.Contracts.Datasets;

/// <summary>The bytes of one line of JSONL or of one row of CSV, without the line feed that ends it.</summary>
/// <param name="bytes">A row of CSV may hold line feeds.</param>
/// <param name="line">The line on which it begins, from 1.</param>
/// <param name="isTerminated">Whether a line feed followed.</param>
internal readonly ref struct RawRecord(ReadOnlySpan<byte> bytes, long line, bool isTerminated)
{
    public ReadOnlySpan<byte> Bytes { get; } = bytes;

    public long Line { get; } = line;

    public bool IsTerminated { get; } = isTerminated;

    public bool IsBlank => Bytes.TrimStart(" \t\r\n"u8).IsEmpty;

    /// <summary>The place of a byte, counted in characters even where bytes before it are no UTF-8.</summary>
    public TextPosition At(int offset)
    {
        var before = Bytes[..offset];
        var line = before[(before.LastIndexOf((byte)'\n') + 1)..];
        return new TextPosition(Line + before.Count((byte)'\n'), Utf8Bytes.CountCharacters(line) + 1);
    }
}
