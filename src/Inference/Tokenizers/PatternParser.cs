using System.Globalization;
using System.Text;

namespace Tollgate.Inference.Tokenizers;

/// <summary>Parses regular expressions in the syntax of Oniguruma, which <c>tokenizer.json</c> files are written in. What is not supported
/// is refused by name.</summary>
internal sealed class PatternParser
{
    private const int MostDepth = 64;
    private const int MostRepeats = 1_000;

    private readonly string _source;
    private int _at;
    private int _depth;
    private bool _ignoresCase;

    private PatternParser(string source) => _source = source;

    /// <exception cref="FormatException">The expression is malformed, or uses what is not supported.</exception>
    public static PatternNode Parse(string source)
    {
        var parser = new PatternParser(source);
        var node = parser.ParseEither();
        return parser._at == source.Length ? node : throw parser.Refuse("a closing parenthesis too many");
    }

    private PatternNode ParseEither()
    {
        if (++_depth > MostDepth)
        {
            throw Refuse("groups nested deeper than 64");
        }

        var ignoredCase = _ignoresCase;
        var parts = new List<PatternNode> { ParseChain() };
        while (Take('|'))
        {
            parts.Add(ParseChain());
        }

        _depth--;
        _ignoresCase = ignoredCase; // (?i) holds to the end of its group.
        return parts.Count == 1 ? parts[0] : new PatternNode.Either(parts);
    }

    private PatternNode ParseChain()
    {
        var parts = new List<PatternNode>();
        while (_at < _source.Length && _source[_at] is not ('|' or ')'))
        {
            var part = ParseAtom();
            parts.Add(part is null ? new PatternNode.Chain([]) : ParseRepeats(part));
        }

        return parts.Count == 1 ? parts[0] : new PatternNode.Chain(parts);
    }

    private PatternNode ParseRepeats(PatternNode part)
    {
        while (_at < _source.Length)
        {
            var start = _at;
            if (!TryReadCount(out var least, out var most, out var isBraced))
            {
                return part;
            }

            if (part is PatternNode.Look or PatternNode.Anchor || least > MostRepeats || most > MostRepeats || most < least)
            {
                throw Refuse($"the repetition '{_source[start.._at]}'");
            }

            var greed = Greed.Most;
            if (_at < _source.Length && _source[_at] is '?' or '+')
            {
                // Behind braces these two mean other things in other engines.
                greed = isBraced ? throw Refuse($"the repetition '{_source[start..(_at + 1)]}'")
                    : _source[_at] == '?' ? Greed.Least : Greed.All;
                _at++;
            }

            if (greed == Greed.All && part is not PatternNode.One)
            {
                throw Refuse($"the possessive repetition '{_source[start.._at]}' of more than one character");
            }

            part = new PatternNode.Repeated(part, least, most, greed);
        }

        return part;
    }

    private bool TryReadCount(out int least, out int? most, out bool isBraced)
    {
        (least, most, isBraced) = (0, null, false);
        switch (_source[_at])
        {
            case '*':
                break;
            case '+':
                least = 1;
                break;
            case '?':
                most = 1;
                break;
            case '{':
                isBraced = true;
                var end = _source.IndexOf('}', _at);
                var counts = end < 0 ? [] : _source[(_at + 1)..end].Split(',');
                if (counts.Length is not (1 or 2) || !TryReadNumber(counts[0], out least))
                {
                    throw Refuse("a brace that is no repetition");
                }

                most = least;
                if (counts.Length == 2)
                {
                    most = counts[1].Length == 0 ? null
                        : TryReadNumber(counts[1], out var number) ? number : throw Refuse("a brace that is no repetition");
                }

                _at = end;
                break;
            default:
                return false;
        }

        _at++;
        return true;
    }

    private static bool TryReadNumber(string digits, out int number) =>
        int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    /// <summary>Null for a switch such as <c>(?i)</c>.</summary>
    private PatternNode? ParseAtom()
    {
        var unit = _source[_at];
        switch (unit)
        {
            case '(':
                return ParseGroup();
            case '[':
                return One(ParseClass());
            case '.':
                _at++;
                return new PatternNode.One(CharacterSet.Of('\n').Invert());
            case '^':
                _at++;
                return new PatternNode.Anchor(AnchorKind.LineStart);
            case '$':
                _at++;
                return new PatternNode.Anchor(AnchorKind.LineEnd);
            case '\\':
                return ParseEscape();
            case '*' or '+' or '?' or '{':
                throw Refuse($"'{unit}' with nothing before it");
            default:
                return One(CharacterSet.Of(ReadPoint()));
        }
    }

    private PatternNode? ParseGroup()
    {
        _at++;
        if (!Take('?'))
        {
            return Close(ParseEither());
        }

        var ignoredCase = _ignoresCase;
        foreach (var (opening, isBehind, isNegative) in
            (ReadOnlySpan<(string, bool, bool)>)[("=", false, false), ("!", false, true), ("<=", true, false), ("<!", true, true)])
        {
            if (_source.AsSpan(_at).StartsWith(opening))
            {
                _at += opening.Length;
                return new PatternNode.Look(Close(ParseEither()), isBehind, isNegative);
            }
        }

        var isOn = !Take('-');
        _ignoresCase = Take('i') ? isOn : isOn ? _ignoresCase : throw Refuse("a group that begins with '(?-'");
        if (Take(')'))
        {
            return null; // To the end of the group.
        }

        if (!Take(':'))
        {
            throw Refuse($"a group that begins with '(?{_source[Math.Min(_at, _source.Length - 1)]}'");
        }

        var group = Close(ParseEither());
        _ignoresCase = ignoredCase;
        return group;
    }

    private PatternNode Close(PatternNode group) => Take(')') ? group : throw Refuse("a group that does not end");

    private PatternNode ParseEscape()
    {
        AnchorKind? anchor = (_at + 1 < _source.Length ? _source[_at + 1] : '\0') switch
        {
            'A' => AnchorKind.TextStart,
            'z' => AnchorKind.TextEnd,
            'Z' => AnchorKind.LastLineEnd,
            'b' => AnchorKind.WordEdge,
            'B' => AnchorKind.NoWordEdge,
            _ => null,
        };
        if (anchor is { } kind)
        {
            _at += 2;
            return new PatternNode.Anchor(kind);
        }

        return One(ParseEscapedSet());
    }

    private PatternNode.One One(CharacterSet set) => new(_ignoresCase ? set.IgnoreCase() : set);

    /// <summary>A backslash and what it stands for, inside and outside of brackets.</summary>
    private CharacterSet ParseEscapedSet()
    {
        _at++;
        if (_at == _source.Length)
        {
            throw Refuse("a backslash at its end");
        }

        var letter = _source[_at];
        switch (letter)
        {
            case 's' or 'S' or 'd' or 'D' or 'w' or 'W':
                _at++;
                var set = char.ToLowerInvariant(letter) switch
                {
                    's' => CharacterSet.Space,
                    'd' => CharacterSet.Property("Nd")!,
                    _ => CharacterSet.Word,
                };
                return char.IsUpper(letter) ? set.Invert() : set;
            case 'p' or 'P':
                return ParseProperty(letter == 'P');
            case 'n' or 'r' or 't' or 'f' or 'v' or 'a' or 'e':
                _at++;
                return CharacterSet.Of(letter switch
                {
                    'n' => '\n', 'r' => '\r', 't' => '\t', 'f' => '\f', 'v' => '\v', 'a' => '\a', _ => '\e',
                });
            case 'u' or 'x':
                _at++;
                return CharacterSet.Of(ReadHexadecimal(letter));
            default:
                return char.IsAsciiLetterOrDigit(letter) ? throw Refuse($"'\\{letter}'") : CharacterSet.Of(ReadPoint());
        }
    }

    private CharacterSet ParseProperty(bool isInverse)
    {
        var end = _source.IndexOf('}', _at);
        if (end < 0 || _at + 1 >= _source.Length || _source[_at + 1] != '{')
        {
            throw Refuse("a property without braces");
        }

        var name = _source[(_at + 2)..end];
        _at = end + 1;
        if (name.StartsWith('^'))
        {
            (name, isInverse) = (name[1..], !isInverse);
        }

        var set = CharacterSet.Property(name) ?? throw Refuse($"the property '{name}'");
        return isInverse ? set.Invert() : set;
    }

    private int ReadHexadecimal(char letter)
    {
        var braced = letter == 'x' && _at < _source.Length && _source[_at] == '{';
        var end = braced ? _source.IndexOf('}', _at) : _at + (letter == 'u' ? 4 : 2);
        if (end < 0 || end > _source.Length
            || !int.TryParse(
                _source.AsSpan((braced ? _at + 1 : _at)..end), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var point)
            || !Rune.IsValid(point))
        {
            throw Refuse($"'\\{letter}' without the number of a character");
        }

        _at = braced ? end + 1 : end;
        return point;
    }

    /// <summary>A class in brackets; <c>&amp;&amp;</c> is for what both sides hold.</summary>
    private CharacterSet ParseClass()
    {
        if (++_depth > MostDepth)
        {
            throw Refuse("brackets nested deeper than 64");
        }

        _at++;
        var isInverse = Take('^');
        var (set, all, isEmpty) = (CharacterSet.Of([]), (CharacterSet?)null, true);
        while (true)
        {
            if (_at >= _source.Length || (_source[_at] == ']' && isEmpty))
            {
                throw Refuse("a class in brackets that is empty or does not end");
            }

            if (Take(']'))
            {
                break;
            }

            isEmpty = false;
            if (_source.AsSpan(_at).StartsWith("&&"))
            {
                _at += 2;
                (all, set) = (all is null ? set : all.Intersect(set), CharacterSet.Of([]));
            }
            else
            {
                set = set.Union(ParseMember());
            }
        }

        _depth--;
        set = all is null ? set : all.Intersect(set);
        return isInverse ? set.Invert() : set;
    }

    private CharacterSet ParseMember()
    {
        var first = ParseMemberStart();
        if (_at + 1 >= _source.Length || _source[_at] != '-' || _source[_at + 1] == ']')
        {
            return first;
        }

        _at++;
        var last = ParseMemberStart();
        return first.Ranges is [var (low, same)] && low == same && last.Ranges is [var (high, alike)] && high == alike && low <= high
            ? CharacterSet.Of([(low, high)])
            : throw Refuse("a range whose ends are no characters in order");
    }

    private CharacterSet ParseMemberStart() => _at >= _source.Length ? throw Refuse("a class in brackets that does not end")
        : _source.AsSpan(_at).StartsWith("[:") ? throw Refuse("a class of POSIX")
        : _source[_at] == '[' ? ParseClass()
        : _source[_at] == '\\' ? ParseEscapedSet()
        : CharacterSet.Of(ReadPoint());

    private int ReadPoint()
    {
        Rune.DecodeFromUtf16(_source.AsSpan(_at), out var rune, out var length);
        _at += length;
        return rune.Value;
    }

    private bool Take(char wanted)
    {
        if (_at < _source.Length && _source[_at] == wanted)
        {
            _at++;
            return true;
        }

        return false;
    }

    private FormatException Refuse(string what) =>
        new($"The tokenizer's expression '{_source}' has {what}, which is not supported (near character {_at}).");
}
