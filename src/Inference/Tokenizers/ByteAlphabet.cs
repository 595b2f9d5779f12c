using System.Text;

namespace Tollgate.Inference.Tokenizers;

/// <summary>GPT-2's alphabet: each of the 256 bytes is written as one printable character in the vocabulary.</summary>
internal static class ByteAlphabet
{
    private static readonly char[] CharOfByte = MakeChars();
    private static readonly Dictionary<char, byte> ByteOfChar = CharOfByte.Select((c, i) => (c, (byte)i)).ToDictionary(
        p => p.c, p => p.Item2);

    public static char ToChar(byte value) => CharOfByte[value];

    /// <summary>A text's bytes in the alphabet.</summary>
    public static string Write(string text) => string.Create(Encoding.UTF8.GetByteCount(text), text, static (chars, text) =>
    {
        var utf8 = Encoding.UTF8.GetBytes(text);
        for (var i = 0; i < utf8.Length; i++)
        {
            chars[i] = CharOfByte[utf8[i]];
        }
    });

    /// <summary>The bytes of a vocabulary entry; false when it uses characters outside the alphabet.</summary>
    public static bool TryDecode(string entry, out byte[] bytes)
    {
        bytes = new byte[entry.Length];
        for (var i = 0; i < entry.Length; i++)
        {
            if (!ByteOfChar.TryGetValue(entry[i], out bytes[i]))
            {
                return false;
            }
        }

        return true;
    }

    private static char[] MakeChars()
    {
        var chars = new char[256];
        var next = 256; // bytes without a printable character of their own take the code points from 256 on
        for (var value = 0; value < 256; value++)
        {
            var printable = value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
            chars[value] = (char)(printable ? value : next++);
        }

        return chars;
    }
}
