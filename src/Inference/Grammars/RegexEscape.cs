using System.Globalization;

namespace Tollgate.Inference.Grammars;

/// <summary>What stands behind a backslash in a regular expression.</summary>
internal static class RegexEscape
{
    /// <summary>Reads an escape; the place is behind the backslash, and afterwards behind the escape.</summary>
    public static RegexNode.CharSet Read(string pattern, ref int at, bool insideClass)
    {
        if (at >= pattern.Length)
        {
            throw new GrammarException("The regular expression ends with a backslash.");
        }

        var letter = pattern[at++];
        switch (letter)
        {
            case 'd':
                return CodePoints.Digits;
            case 'D':
                return CodePoints.Except(CodePoints.Digits);
            case 'w':
                return CodePoints.WordCharacters;
            case 'W':
                return CodePoints.Except(CodePoints.WordCharacters);
            case 's':
                return CodePoints.Spaces;
            case 'S':
                return CodePoints.Except(CodePoints.Spaces);
            case 'p' or 'P':
                return Property(pattern, ref at, letter == 'P');
            case 'b' when !insideClass:
                throw Unsupported("the word boundary \\b", at);
            case 'B':
                throw Unsupported("\\B", at);
            case 'A' or 'Z' or 'z' or 'G' or 'K' or 'R' or 'X' or 'h' or 'H' or 'N' or 'Q' or 'E':
                throw Unsupported($"\\{letter}", at);
            case 'k':
                throw Unsupported("a back reference \\k", at);
            case >= '1' and <= '9':
                throw Unsupported($"a back reference \\{letter}", at);
            default:
                var codePoint = Character(letter, pattern, ref at);
                return new RegexNode.CharSet([(codePoint, codePoint)]);
        }
    }

    /// <summary>The code point at a place, which moves behind it; a lone surrogate is refused.</summary>
    public static int CodePointAt(string pattern, ref int at)
    {
        var first = pattern[at++];
        if (!char.IsSurrogate(first))
        {
            return first;
        }

        if (char.IsHighSurrogate(first) && at < pattern.Length && char.IsLowSurrogate(pattern[at]))
        {
            return char.ConvertToUtf32(first, pattern[at++]);
        }

        throw new GrammarException($"The regular expression has half a surrogate pair at character {at}.");
    }

    private static int Character(char letter, string pattern, ref int at)
    {
        switch (letter)
        {
            case 'n':
                return '\n';
            case 'r':
                return '\r';
            case 't':
                return '\t';
            case 'f':
                return '\f';
            case 'v':
                return '\v';
            case 'b':
                return '\b';
            case '0':
                return 0;
            case 'x':
                return Hex(pattern, ref at, 2);
            case 'u':
                return Unicode(pattern, ref at);
            case 'c' when at < pattern.Length && char.IsAsciiLetter(pattern[at]):
                return pattern[at++] & 0x1F;
            default:
                if (char.IsAsciiLetterOrDigit(letter))
                {
                    throw Unsupported($"\\{letter}", at);
                }

                at--;
                return CodePointAt(pattern, ref at);
        }
    }

    private static int Unicode(string pattern, ref int at)
    {
        if (at < pattern.Length && pattern[at] == '{')
        {
            var end = pattern.IndexOf('}', at);
            var digits = end < 0 ? [] : pattern.AsSpan(at + 1, end - at - 1);
            if (!int.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value)
                || value is < 0 or > RegexNode.LastCodePoint)
            {
                throw new GrammarException($"The regular expression has no code point in \\u{{…}} at character {at}.");
            }

            at = end + 1;
            return value;
        }

        var first = Hex(pattern, ref at, 4);
        if (first is >= 0xD800 and <= 0xDBFF && pattern.AsSpan(at).StartsWith("\\u"))
        {
            var behind = at + 2;
            var second = Hex(pattern, ref behind, 4);
            if (second is >= 0xDC00 and <= 0xDFFF)
            {
                at = behind;
                return char.ConvertToUtf32((char)first, (char)second);
            }
        }

        return first;
    }

    private static int Hex(string pattern, ref int at, int digits)
    {
        if (at + digits > pattern.Length
            || !int.TryParse(pattern.AsSpan(at, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value))
        {
            throw new GrammarException($"The regular expression has an escape without its {digits} hexadecimal digits at character {at}.");
        }

        at += digits;
        return value;
    }

    private static RegexNode.CharSet Property(string pattern, ref int at, bool negated)
    {
        string name;
        if (at < pattern.Length && pattern[at] == '{')
        {
            var end = pattern.IndexOf('}', at);
            name = end < 0 ? throw Unsupported("\\p{ without an end", at) : pattern[(at + 1)..end];
            at = end + 1;
        }
        else
        {
            name = at < pattern.Length ? pattern[at].ToString() : "";
            at++;
        }

        var set = CodePoints.OfProperty(name) ?? throw Unsupported($"\\p{{{name}}}", at);
        return negated ? CodePoints.Except(set) : set;
    }

    private static GrammarException Unsupported(string what, int at) =>
        new($"The regular expression has {what} before character {at + 1}, which is not supported.");
}
