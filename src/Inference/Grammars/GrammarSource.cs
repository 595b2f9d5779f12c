using System.Globalization;
using System.Text;

namespace Tollgate.Inference.Grammars;

/// <summary>A place in the source of a grammar, with what its languages have in common.</summary>
/// <param name="language">The language's name for messages.</param>
internal sealed class GrammarSource(string text, string language)
{
    /// <summary>A count above it is refused before anything is made of it.</summary>
    private const int MostRepeats = 1_000_000;

    public int At { get; private set; }

    public bool AtEnd => At >= text.Length;

    /// <summary>The character here; NUL at the end.</summary>
    public char Here => AtEnd ? '\0' : text[At];

    /// <summary>The line here, from 1.</summary>
    public int Line => text.AsSpan(0, Math.Min(At, text.Length)).Count('\n') + 1;

    public GrammarException Wrong(string what) => WrongAt(Line, what);

    public GrammarException WrongAt(int line, string what) => new($"The {language} grammar has {what} in line {line}.");

    public bool StartsWith(string wanted) => text.AsSpan(Math.Min(At, text.Length)).StartsWith(wanted);

    public bool Take(string wanted)
    {
        if (!StartsWith(wanted))
        {
            return false;
        }

        At += wanted.Length;
        return true;
    }

    public void Expect(string wanted, string what)
    {
        if (!Take(wanted))
        {
            throw Wrong(what);
        }
    }

    /// <summary>Goes on while the characters are of a kind.</summary>
    public string TakeWhile(Func<char, bool> belongs)
    {
        var begin = At;
        while (!AtEnd && belongs(text[At]))
        {
            At++;
        }

        return text[begin..At];
    }

    /// <summary>A place to come back to, with <see cref="Return"/>.</summary>
    public void Return(int at) => At = at;

    public int Number()
    {
        var digits = TakeWhile(char.IsAsciiDigit);
        if (digits.Length == 0)
        {
            throw Wrong("a count without a number");
        }

        return int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= MostRepeats
            ? number
            : throw Wrong($"a count above {MostRepeats:N0}");
    }

    /// <summary>The code point here, or that of the escape that begins here.</summary>
    public int CodePoint(string within)
    {
        if (AtEnd || Here == '\n')
        {
            throw Wrong($"{within} without an end");
        }

        if (Take("\\"))
        {
            return Escaped(within);
        }

        if (!Rune.TryGetRuneAt(text, At, out var rune))
        {
            throw Wrong("half a surrogate pair");
        }

        At += rune.Utf16SequenceLength;
        return rune.Value;
    }

    private int Escaped(string within)
    {
        if (AtEnd)
        {
            throw Wrong($"{within} without an end");
        }

        var letter = text[At++];
        return letter switch
        {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'f' => '\f',
            'v' => '\v',
            'b' => '\b',
            '0' => 0,
            'x' => Hex(2),
            'u' => Hex(4),
            'U' => Hex(8),
            _ when char.IsAsciiLetterOrDigit(letter) || letter > 0x7E => throw Wrong($"the escape \\{letter}, which is not known,"),
            _ => letter,
        };
    }

    private int Hex(int digits)
    {
        if (At + digits > text.Length
            || !int.TryParse(text.AsSpan(At, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value)
            || !Rune.IsValid(value))
        {
            throw Wrong($"an escape that is no code point of {digits} hexadecimal digits");
        }

        At += digits;
        return value;
    }
}
