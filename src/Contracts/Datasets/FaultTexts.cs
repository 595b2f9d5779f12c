using System.Globalization;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Contracts.Datasets;

/// <summary>Every sentence about a fault of a file: what is wrong, then what to do. Here: files and their lines.</summary>
internal static partial class FaultTexts
{
    public static FaultText EmptyFile() => new("empty_file", "The file has no rows. Send a file with at least one row.");

    public static FaultText CompressedFile(string kind) => new(
        "compressed_file", $"This is {kind}. Unpack it, and send the JSONL or CSV file that is inside.");

    public static FaultText WrongFileType(string kind, string advice) => new("wrong_file_type", $"This is {kind}. {advice}");

    public static FaultText WrongEncoding(string encoding) => new(
        "wrong_encoding", $"The file is encoded in {encoding}. Save it as UTF-8, and send it again.");

    public static FaultText InvalidUtf8(byte value, string guess) => new(
        "invalid_utf8", Invariant($"The byte 0x{value:X2} here is not UTF-8: {guess}. Save the file as UTF-8, and send it again."));

    public static FaultText MixedEncoding(byte value, string guess) => new(
        "mixed_encoding",
        Invariant($"The file mixes encodings: characters before this place are UTF-8, but the byte 0x{value:X2} here is not ({guess}). ")
        + "Convert the part that was pasted in to UTF-8.");

    public static FaultText NulByte() => new(
        "nul_byte", "A NUL byte (0x00) stands here, which no text contains. Remove it, or save the file as UTF-8 if it is UTF-16.");

    public static FaultText NulCharacter() => new("nul_byte", @"The value contains the character \u0000, which no text needs. Remove it.");

    public static FaultText LoneCarriageReturn() => new(
        "lone_carriage_return", "A carriage return without a line feed stands here. End lines with LF or CRLF.");

    public static FaultText LineTooLong(int maxBytes) => new(
        "line_too_long", Invariant($"The row is longer than {maxBytes:N0} bytes. Shorten its texts, or split it into several rows."));

    public static FaultText TooManyRows(int maxRows) => new(
        "too_many_rows", Invariant($"The file has more than {maxRows:N0} rows. Send the rest in another file."));

    /// <summary>The first characters of a name or value that a sentence repeats.</summary>
    private static string Shorten(string text) => OpenAiError.Shorten(text);

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
