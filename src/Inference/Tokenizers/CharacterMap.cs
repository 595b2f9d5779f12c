using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Tollgate.Inference.Tokenizers;

/// <summary>
/// The map of characters that SentencePiece compiles into a model: a double array of byte sequences, and what they become. It is applied
/// as Hugging Face's tokenizers do: a grapheme of under six bytes becomes what its shortest mapped beginning becomes, and of other
/// graphemes each character does. Immutable, so thread-safe.
/// </summary>
/// <remarks>Layout of Darts-clone: 32-bit units, little-endian. Bits 0 to 7 of a unit are its label and bit 8 tells whether a value
/// follows; bits 10 and up are the offset to the children, times 256 where bit 9 is set. Bit 31 marks a value.</remarks>
internal sealed class CharacterMap
{
    private const int LongestGrapheme = 6;
    private const uint LabelBits = 0x8000_00FF;
    private const uint HasValue = 0x100;
    private const uint ValueBits = 0x7FFF_FFFF;

    private readonly uint[] _units;
    private readonly byte[] _texts;

    /// <param name="data">The length of the double array in bytes, the array, and texts that end with a zero byte each.</param>
    /// <exception cref="FormatException">The data contradict themselves.</exception>
    public CharacterMap(byte[] data)
    {
        var length = data.Length >= 4 ? BitConverter.ToUInt32(data) : 0;
        if (length is 0 || length % 4 != 0 || length > data.Length - 4)
        {
            throw new FormatException("The tokenizer's precompiled map of characters is cut short.");
        }

        _units = MemoryMarshal.Cast<byte, uint>(data.AsSpan(4, (int)length)).ToArray();
        _texts = data[(4 + (int)length)..];
        MostBytesPerByte = FindMostBytesPerByte();
    }

    /// <summary>Most bytes that one byte of a text becomes.</summary>
    public int MostBytesPerByte { get; }

    public string Apply(string text)
    {
        var mapped = new StringBuilder(text.Length);
        Span<byte> utf8 = stackalloc byte[LongestGrapheme];
        for (var rest = text.AsSpan(); !rest.IsEmpty;)
        {
            // A character of ASCII before another one is a grapheme of its own, but for the end of a line.
            var isAlone = rest.Length > 1 && rest[0] < 128 && rest[1] < 128 && rest[0] != '\r';
            var grapheme = rest[..(isAlone ? 1 : StringInfo.GetNextTextElementLength(rest))];
            rest = rest[grapheme.Length..];
            if (grapheme.Length < LongestGrapheme && Encoding.UTF8.TryGetBytes(grapheme, utf8, out var bytes)
                && bytes < LongestGrapheme && Find(utf8[..bytes]) is { } whole)
            {
                mapped.Append(whole);
                continue;
            }

            foreach (var rune in grapheme.EnumerateRunes())
            {
                _ = Find(utf8[..rune.EncodeToUtf8(utf8)]) is { } one ? mapped.Append(one) : mapped.Append(rune);
            }
        }

        return mapped.ToString();
    }

    /// <summary>What the shortest mapped beginning becomes; null where there is none.</summary>
    private string? Find(ReadOnlySpan<byte> key)
    {
        var node = OffsetOf(_units[0]);
        foreach (var next in key)
        {
            node ^= next;
            if (next == 0 || node >= (uint)_units.Length || (_units[node] & LabelBits) != next)
            {
                return null;
            }

            var unit = _units[node];
            node ^= OffsetOf(unit);
            if ((unit & HasValue) != 0)
            {
                return node < (uint)_units.Length ? TextAt(_units[node] & ValueBits) : null;
            }
        }

        return null;
    }

    private static uint OffsetOf(uint unit) => (unit >> 10) << (int)((unit & 0x200) >> 6);

    private string? TextAt(uint start)
    {
        if (start >= (uint)_texts.Length)
        {
            return null;
        }

        var text = _texts.AsSpan((int)start);
        var end = text.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? text : text[..end]);
    }

    /// <summary>Visits every node once, the nearest first: keys share their ends, and the shortest key grows the most.</summary>
    /// <exception cref="FormatException">Texts are out of bounds or no UTF-8.</exception>
    private int FindMostBytesPerByte()
    {
        var most = 1;
        var seen = new HashSet<uint> { OffsetOf(_units[0]) };
        var open = new Queue<(uint Node, int Depth)>([(OffsetOf(_units[0]), 0)]);
        while (open.TryDequeue(out var place))
        {
            for (var label = 1u; label < 256; label++)
            {
                var child = place.Node ^ label;
                if (child >= (uint)_units.Length || (_units[child] & LabelBits) != label)
                {
                    continue;
                }

                var below = child ^ OffsetOf(_units[child]);
                if ((_units[child] & HasValue) != 0)
                {
                    most = Math.Max(most, MeasureText(below, place.Depth + 1));
                }

                if (seen.Add(below))
                {
                    open.Enqueue((below, place.Depth + 1));
                }
            }
        }

        return most;
    }

    private int MeasureText(uint value, int keyBytes)
    {
        var start = value < (uint)_units.Length ? _units[value] & ValueBits : uint.MaxValue;
        if (start >= (uint)_texts.Length)
        {
            throw new FormatException("The tokenizer's precompiled map of characters points beyond its end.");
        }

        var text = _texts.AsSpan((int)start);
        var length = text.IndexOf((byte)0) is >= 0 and var end ? end : text.Length;
        return System.Text.Unicode.Utf8.IsValid(text[..length])
            ? (length + keyBytes - 1) / keyBytes
            : throw new FormatException("The tokenizer's precompiled map of characters holds a text that is no UTF-8.");
    }
}
