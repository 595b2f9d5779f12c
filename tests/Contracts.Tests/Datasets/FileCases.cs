using System.IO.Compression;
using System.Text;
using static Tollgate.Contracts.Tests.Datasets.DatasetCase;

namespace Tollgate.Contracts.Tests.Datasets;

/// <summary>Encodings, ends of lines, and files that are something else.</summary>
internal static class FileCases
{
    private const string Rows = """
        {"text":"fine","label":"a"}
        {"text":"poor","label":"b"}
        """;

    /// <summary>Two rows and the beginning of a third.</summary>
    private static readonly byte[] Third = Encoding.UTF8.GetBytes(Rows + "\n{\"text\":\"");

    public static IEnumerable<DatasetCase> All() => [.. Encodings(), .. Lines(), .. Packed(), .. Others()];

    private static IEnumerable<DatasetCase> Encodings() =>
    [
        Good("UTF-8 byte order mark", "\uFEFF" + Rows, 2),
        Good("UTF-8 byte order mark before CSV", "\uFEFFtext,label\nfine,a\npoor,b\n", 2),
        Good("UTF-8 beyond ASCII", Rows.Replace("fine", "schön 好 😀", StringComparison.Ordinal), 2),
        Bad("UTF-16 little endian", [.. Encoding.Unicode.Preamble, .. Encoding.Unicode.GetBytes(Rows)], 0, ("wrong_encoding", 1, 1)),
        Bad(
            "UTF-16 big endian", [.. Encoding.BigEndianUnicode.Preamble, .. Encoding.BigEndianUnicode.GetBytes(Rows)], 0,
            ("wrong_encoding", 1, 1)),
        Bad("UTF-16 without a mark", Encoding.Unicode.GetBytes(Rows), 0, ("wrong_encoding", 1, 1)),
        Bad("UTF-16 big endian without a mark", Encoding.BigEndianUnicode.GetBytes(Rows), 0, ("wrong_encoding", 1, 1)),
        Bad("UTF-32", [.. Encoding.UTF32.Preamble, .. Encoding.UTF32.GetBytes(Rows)], 0, ("wrong_encoding", 1, 1)),
        Bad("UTF-32 without a mark", Encoding.UTF32.GetBytes(Rows), 0, ("wrong_encoding", 1, 1)),
        Bad("Latin-1", Encoding.Latin1.GetBytes(Rows.Replace("poor", "très", StringComparison.Ordinal)), 2, ("invalid_utf8", 2, 12)),
        Bad("Windows-1252", [.. Third, 0x93, .. "x\",\"label\":\"a\"}"u8], 3, ("invalid_utf8", 3, 10)),
        Bad("Latin-1 at a line's end", Encoding.Latin1.GetBytes("label,text\na,café\nb,fine\n"), 2, ("invalid_utf8", 2, 6)),
        Bad("Latin-1 in CSV", Encoding.Latin1.GetBytes("text,label\nfine,a\n\"two\nlinès\",b\n"), 2, ("invalid_utf8", 4, 4)),
        Bad(
            "mixed encodings", [.. "{\"text\":\"schön\",\"label\":\"a\"}\n{\"text\":\"sch"u8, 0xF6, .. "n\",\"label\":\"b\"}"u8], 2,
            ("mixed_encoding", 2, 13)),
        Bad(
            "mixed encodings in one line",
            [.. "{\"text\":\"schön sch"u8, 0xF6, .. "n\",\"label\":\"a\"}\n"u8, .. Encoding.UTF8.GetBytes(Rows)], 3,
            ("mixed_encoding", 1, 19)),
        Bad("a character that is cut off", [.. Third, (byte)'x', 0xE5, 0xA5], 3, ("invalid_utf8", 3, 11)),
        Bad(
            "half of a pair as CESU-8", [.. Third, 0xED, 0xA0, 0x80, .. "\",\"label\":\"a\"}"u8], 3,
            ("invalid_utf8", 3, 10)),
        Bad("overlong UTF-8", [.. Third, 0xC0, 0x80, .. "\",\"label\":\"a\"}"u8], 3, ("invalid_utf8", 3, 10)),
        SecondLine("NUL byte", "{\"text\":\"x\0y\",\"label\":\"a\"}", "nul_byte", 11),
        SecondLine("NUL as an escape", """{"text":"x\u0000y","label":"a"}""", "nul_byte", 9),
        SecondLine("half of a pair as an escape", """{"text":"x \ud800 y","label":"a"}""", "half_surrogate", 12),
        SecondLine("the second half alone", """{"text":"x","label":"\udc00"}""", "half_surrogate", 22),
        Good("a pair of escapes", Rows.Replace("fine", @"\ud83d\ude00", StringComparison.Ordinal), 2),
        Good("line separators within texts", Rows.Replace("fine", "a\u2028b\u2029c\u0085d", StringComparison.Ordinal), 2),
    ];

    private static IEnumerable<DatasetCase> Lines() =>
    [
        Bad("empty file", "", 0, ("empty_file", 1, 1)),
        Bad("nothing but a byte order mark", "\uFEFF", 0, ("empty_file", 1, 1)),
        Bad("nothing but blank lines", "\n\n  \r\n", 0, ("empty_file", 1, 1)),
        Good("blank lines", Rows.Replace("\n", "\n\n \t\n", StringComparison.Ordinal) + "\n\n\n", 2),
        Good("many blank lines before the first row", new string('\n', 2_000) + Rows, 2),
        Bad("an array after many blank lines", new string('\n', 2_000) + "[]", 0, ("json_array", 2_001, 1)),
        Good("CRLF", Rows.Replace("\n", "\r\n", StringComparison.Ordinal) + "\r\n", 2),
        Good("LF and CRLF", "{\"text\":\"so\",\"label\":\"b\"}\r\n" + Rows, 3),
        Good("no line feed at the end", Rows, 2),
        Bad("lone CR", Rows.Replace("\n", "\r", StringComparison.Ordinal) + "\r", 1, ("lone_carriage_return", 1, 28)),
        Bad("CR at the end", Rows + "\r", 2, ("lone_carriage_return", 2, 28)),
        Bad("lone CR in CSV", "text,label\rfine,a\rpoor,b\r", 0, ("lone_carriage_return", 1, 11)),
        Bad("a lone CR in one row of CSV", "text,label\nfi\rne,a\npoor,b\nso,a\n", 3, ("lone_carriage_return", 2, 3)),
        Bad(
            "a line beyond the limit", $"{{\"text\":\"{new string('x', 1024 * 1024)}\",\"label\":\"a\"}}\n{Rows}", 3,
            ("line_too_long", 1, 1)),
        Bad("a row of CSV beyond the limit", $"text,label\nfine,a\n{new string('x', 1024 * 1024)},a\npoor,b\n", 3, ("line_too_long", 3, 1)),
    ];

    private static IEnumerable<DatasetCase> Packed() =>
    [
        Bad("gzip", Pack(static to => new GZipStream(to, CompressionLevel.Fastest)), 0, ("compressed_file", 1, 1)),
        Bad("zip", Zip("train.jsonl", 100), 0, ("compressed_file", 1, 1)),
        Bad("zip bomb", Zip("train.jsonl", 50_000_000), 0, ("compressed_file", 1, 1)),
        Bad("empty zip", [.. "PK\x05\x06"u8, .. new byte[18]], 0, ("compressed_file", 1, 1)),
        Bad("xz", [0xFD, .. "7zXZ\0"u8, 0, 4, 0xE6], 0, ("compressed_file", 1, 1)),
        Bad("zstd", [0x28, 0xB5, 0x2F, 0xFD, 0x24, 0x05], 0, ("compressed_file", 1, 1)),
        Bad("bzip2", [.. "BZh9"u8, 0x31, 0x41, 0x59, 0x26, 0x53, 0x59], 0, ("compressed_file", 1, 1)),
        Bad("7z", [.. "7z"u8, 0xBC, 0xAF, 0x27, 0x1C], 0, ("compressed_file", 1, 1)),
        Bad("RAR", [.. "Rar!"u8, 0x1A, 0x07], 0, ("compressed_file", 1, 1)),
        Bad("tar", [.. new byte[] { (byte)'t' }, .. new byte[256], .. "ustar\0"u8, .. new byte[249]], 0, ("compressed_file", 1, 1)),
    ];

    private static IEnumerable<DatasetCase> Others() =>
    [
        Bad("PDF", "%PDF-1.7\n", 0, ("wrong_file_type", 1, 1)),
        Bad("XLSX", Zip("[Content_Types].xml", 100), 0, ("wrong_file_type", 1, 1)),
        Bad("XLS", [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1], 0, ("wrong_file_type", 1, 1)),
        Bad("pickle", [0x80, 0x04, 0x95, 0x10, 0, 0, 0], 0, ("wrong_file_type", 1, 1)),
        Bad("NumPy", [0x93, .. "NUMPY"u8, 1, 0], 0, ("wrong_file_type", 1, 1)),
        Bad("Parquet", "PAR1\u0015", 0, ("wrong_file_type", 1, 1)),
        Good("columns named like formats", "ID3,PAR1,RIFF,OggS,BMI,text,label\n1,2,3,4,5,fine,a\n1,2,3,4,5,poor,b\n", 2) with
        {
            Warnings = ["ignored_members"],
        },
        Bad("MP3", [.. "ID3"u8, 3, 0, 0], 0, ("wrong_file_type", 1, 1)),
        Bad("WAV", [.. "RIFF"u8, 36, 0, 0, 0, .. "WAVE"u8], 0, ("wrong_file_type", 1, 1)),
        Bad("HTML", "\n<!DOCTYPE html>\n<html><body>404</body></html>", 0, ("wrong_file_type", 1, 1)),
        Bad("XML", "<?xml version=\"1.0\"?>\n<rows/>", 0, ("wrong_file_type", 1, 1)),
        Bad("PNG", [0x89, .. "PNG\r\n"u8, 0x1A, 0x0A], 0, ("wrong_file_type", 1, 1)),
        Bad("JPEG", [0xFF, 0xD8, 0xFF, 0xE0], 0, ("wrong_file_type", 1, 1)),
        Bad("GIF", "GIF89a", 0, ("wrong_file_type", 1, 1)),
        Bad(
            "pointer of Git LFS", "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n", 0,
            ("wrong_file_type", 1, 1)),
        Bad("SQLite", "SQLite format 3\0", 0, ("wrong_file_type", 1, 1)),
    ];

    private static byte[] Pack(Func<Stream, Stream> pack)
    {
        using var packed = new MemoryStream();
        using (var stream = pack(packed))
        {
            stream.Write(Encoding.UTF8.GetBytes(Rows));
        }

        return packed.ToArray();
    }

    private static byte[] Zip(string name, int bytes)
    {
        using var packed = new MemoryStream();
        using (var zip = new ZipArchive(packed, ZipArchiveMode.Create, leaveOpen: true))
        using (var entry = zip.CreateEntry(name, CompressionLevel.Fastest).Open())
        {
            entry.Write(new byte[bytes]);
        }

        return packed.ToArray();
    }
}
