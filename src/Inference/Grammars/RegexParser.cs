using System.Globalization;

namespace Tollgate.Inference.Grammars;

/// <summary>
/// Reads the regular part of ECMA-262's expressions, with the flag <c>u</c>: a code point is one character, also beyond the BMP.
/// Groups capture nothing; lazy quantifiers have the language of greedy ones.
/// </summary>
internal sealed class RegexParser
{
    /// <summary>A count above it is refused before anything is written out.</summary>
    private const int MostRepeats = 1_000_000;

    private readonly string _pattern;
    private int _at;

    private RegexParser(string pattern) => _pattern = pattern;

    /// <summary>Everything but line ends, as the dot means it.</summary>
    public static RegexNode.CharSet Dot { get; } = CodePoints.Except(CodePoints.LineEnds);

    /// <summary>The regular language of a pattern, without anchors.</summary>
    /// <exception cref="GrammarException">It is no expression, or no regular one; the message names what is at fault.</exception>
    /// <exception cref="GrammarTooLargeException">It is nested too deeply.</exception>
    public static RegexNode Parse(string pattern, RegexAnchoring anchoring)
    {
        var parser = new RegexParser(pattern);
        var node = parser.Choice();
        if (parser._at < pattern.Length)
        {
            throw parser.Wrong("a ')' without a '('");
        }

        return RegexAnchors.Remove(node, anchoring);
    }

    private bool AtEnd => _at == _pattern.Length;

    private RegexNode Choice()
    {
        GrammarBudget.CheckDepth();
        List<RegexNode> options = [Sequence()];
        while (Take('|'))
        {
            options.Add(Sequence());
        }

        return options.Count == 1 ? options[0] : new RegexNode.Choice(options);
    }

    private RegexNode Sequence()
    {
        List<RegexNode> parts = [];
        while (!AtEnd && _pattern[_at] is not ('|' or ')'))
        {
            parts.Add(Quantified(Term()));
        }

        return parts.Count switch
        {
            0 => new RegexNode.Empty(),
            1 => parts[0],
            _ => new RegexNode.Sequence(parts),
        };
    }

    private RegexNode Term()
    {
        var first = _pattern[_at];
        switch (first)
        {
            case '^':
                _at++;
                return new RegexAnchors.Anchor(AtStart: true);
            case '$':
                _at++;
                return new RegexAnchors.Anchor(AtStart: false);
            case '.':
                _at++;
                return Dot;
            case '(':
                return Group();
            case '[':
                _at++;
                return new RegexClass(_pattern, ref _at).Set;
            case '*' or '+' or '?':
                throw Wrong($"'{first}' with nothing to repeat");
            case '\\':
                _at++;
                return RegexEscape.Read(_pattern, ref _at, insideClass: false);
            case '{' when Bounds() is not null:
                throw Wrong("a count with nothing to repeat");
            default:
                var rune = RegexEscape.CodePointAt(_pattern, ref _at);
                return new RegexNode.CharSet([(rune, rune)]);
        }
    }

    private RegexNode Group()
    {
        _at++;
        if (Take('?'))
        {
            if (Take('<'))
            {
                if (!AtEnd && _pattern[_at] is '=' or '!')
                {
                    throw Wrong("look-behind");
                }

                var end = _pattern.IndexOf('>', _at);
                _at = end < 0 ? throw Wrong("a group's name without an end") : end + 1;
            }
            else if (!AtEnd && _pattern[_at] is '=' or '!')
            {
                throw Wrong("look-ahead");
            }
            else if (!Take(':'))
            {
                throw Wrong("a group with flags");
            }
        }

        var node = Choice();
        return Take(')') ? node : throw Wrong("a '(' without a ')'");
    }

    private RegexNode Quantified(RegexNode item)
    {
        var (least, most) = (1, (int?)1);
        if (AtEnd)
        {
            return item;
        }

        switch (_pattern[_at])
        {
            case '*':
                (least, most) = (0, null);
                _at++;
                break;
            case '+':
                (least, most) = (1, null);
                _at++;
                break;
            case '?':
                (least, most) = (0, 1);
                _at++;
                break;
            case '{' when Bounds() is { } bounds:
                (least, most) = (bounds.Least, bounds.Most);
                _at = bounds.End;
                break;
            default:
                return item;
        }

        Take('?');
        if (!AtEnd && (_pattern[_at] is '*' or '+' or '?' || (_pattern[_at] == '{' && Bounds() is not null)))
        {
            throw Wrong("a quantifier behind a quantifier");
        }

        return new RegexNode.Repeat(item, least, most);
    }

    /// <summary>The bounds that begin here, and the place behind them; null where the brace is only a character.</summary>
    private (int Least, int? Most, int End)? Bounds()
    {
        var close = _pattern.IndexOf('}', _at);
        if (close < 0)
        {
            return null;
        }

        var text = _pattern.AsSpan(_at + 1, close - _at - 1);
        var comma = text.IndexOf(',');
        var least = Number(comma < 0 ? text : text[..comma]);
        var most = comma < 0 ? least : comma == text.Length - 1 ? null : Number(text[(comma + 1)..]);
        if (least is null || (most is null && comma != text.Length - 1))
        {
            return null;
        }

        return most < least
            ? throw Wrong($"the count {{{text}}}, whose bounds are the wrong way round")
            : (least.Value, most, close + 1);
    }

    private int? Number(ReadOnlySpan<char> digits)
    {
        if (digits.IsEmpty || digits.ContainsAnyExceptInRange('0', '9'))
        {
            return null;
        }

        return int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= MostRepeats
            ? number
            : throw Wrong($"a count above {MostRepeats:N0}");
    }

    private bool Take(char wanted)
    {
        if (AtEnd || _pattern[_at] != wanted)
        {
            return false;
        }

        _at++;
        return true;
    }

    private GrammarException Wrong(string what) => new($"The regular expression has {what} at character {_at + 1}.");
}
