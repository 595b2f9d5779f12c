using System.Text;

namespace Tollgate.Contracts.Datasets;

/// <summary>Counts of UTF-8.</summary>
internal static class Utf8Bytes
{
    /// <summary>Characters (code points) that begin in the bytes: all but continuation bytes.</summary>
    public static int CountCharacters(ReadOnlySpan<byte> utf8)
    {
        if (Ascii.IsValid(utf8))
        {
            return utf8.Length;
        }

        var count = 0;
        foreach (var value in utf8)
        {
            count += IsContinuation(value) ? 0 : 1;
        }

        return count;
    }

    /// <summary>Characters (code points) of a text: its UTF-16 units without the second halves of pairs.</summary>
    public static int CountCharacters(string text)
    {
        var count = text.Length;
        foreach (var unit in text)
        {
            count -= char.IsLowSurrogate(unit) ? 1 : 0;
        }

        return count;
    }

    public static bool IsContinuation(byte value) => (value & 0xC0) == 0x80;
}
