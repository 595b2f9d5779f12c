using System.Text;
using System.Text.Unicode;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Contracts.Datasets;

/// <summary>Checks that each record of a file is text in UTF-8, before anything interprets it.</summary>
internal sealed class RecordText(DatasetFindings findings)
{
    /// <summary>Whether an earlier record had characters beyond ASCII, all of them UTF-8.</summary>
    private bool _isUtf8;

    /// <summary>Returns whether the record is text; adds a fault for the first byte that is none.</summary>
    public bool Check(RawRecord record)
    {
        if (!Utf8.IsValid(record.Bytes))
        {
            var at = JsonFaults.FirstInvalidByte(record.Bytes);
            var isMixed = _isUtf8 || !Ascii.IsValid(record.Bytes[..at]);
            var (value, guess) = (record.Bytes[at], Guess(record.Bytes[at..], record.IsTerminated));
            findings.Add(record.At(at), isMixed ? FaultTexts.MixedEncoding(value, guess) : FaultTexts.InvalidUtf8(value, guess));
            return false;
        }

        _isUtf8 |= !Ascii.IsValid(record.Bytes);
        var nul = record.Bytes.IndexOf((byte)0);
        if (nul >= 0)
        {
            findings.Add(record.At(nul), FaultTexts.NulByte());
        }

        return nul < 0;
    }

    /// <summary>What the bytes are, which begin with one that is no UTF-8.</summary>
    private static string Guess(ReadOnlySpan<byte> bytes, bool lineFollows)
    {
        var length = bytes[0] switch { >= 0xC2 and < 0xE0 => 2, >= 0xE0 and < 0xF0 => 3, >= 0xF0 and < 0xF5 => 4, _ => 0 };
        var isCutOff = bytes.Length < length && bytes[1..].IndexOfAnyExceptInRange((byte)0x80, (byte)0xBF) < 0;
        return bytes switch
        {
            [0xED, >= 0xA0 and <= 0xBF, ..] => "it begins half of a surrogate pair, as CESU-8 writes it",
            [0xC0 or 0xC1, >= 0x80 and <= 0xBF, ..] => "it begins a character that is written longer than it may be",
            _ when isCutOff && !lineFollows => "the file ends within a character",
            [< 0xA0, ..] => "it looks like Windows-1252",
            _ => "it looks like Latin-1 or Windows-1252",
        };
    }
}
