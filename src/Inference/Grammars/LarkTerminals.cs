using System.Text;

namespace Tollgate.Inference.Grammars;

/// <summary>The strings, ranges, expressions and imported terminals of a Lark grammar.</summary>
internal sealed class LarkTerminals(GrammarSource source, GrammarBudget budget)
{
    private const string Digits = "[0-9]+";
    private const string Exponent = "[eE][+-]?[0-9]+";
    private const string Decimal = @"([0-9]+\.[0-9]*|\.[0-9]+)";
    private const string Float = $"([0-9]+{Exponent}|{Decimal}({Exponent})?)";
    private const string Number = $"({Float}|{Digits})";

    /// <summary>The terminals of Lark's own <c>common.lark</c>.</summary>
    private static readonly Dictionary<string, string> CommonTerminals = new(StringComparer.Ordinal)
    {
        ["DIGIT"] = "[0-9]",
        ["HEXDIGIT"] = "[a-fA-F0-9]",
        ["INT"] = Digits,
        ["SIGNED_INT"] = $"[+-]?{Digits}",
        ["DECIMAL"] = Decimal,
        ["FLOAT"] = Float,
        ["SIGNED_FLOAT"] = $"[+-]?{Float}",
        ["NUMBER"] = Number,
        ["SIGNED_NUMBER"] = $"[+-]?{Number}",
        ["ESCAPED_STRING"] = """
            "([^"\\\n]|\\[^\n])*"
            """,
        ["LCASE_LETTER"] = "[a-z]",
        ["UCASE_LETTER"] = "[A-Z]",
        ["LETTER"] = "[A-Za-z]",
        ["WORD"] = "[A-Za-z]+",
        ["CNAME"] = "[_A-Za-z][_A-Za-z0-9]*",
        ["WS_INLINE"] = @"[ \t]+",
        ["WS"] = @"[ \t\f\r\n]+",
        ["CR"] = @"\r",
        ["LF"] = @"\n",
        ["NEWLINE"] = @"(\r?\n)+",
        ["SH_COMMENT"] = @"#[^\n]*",
        ["CPP_COMMENT"] = @"//[^\n]*",
        ["C_COMMENT"] = @"/\*([^*]|\*+[^*/])*\*+/",
        ["SQL_COMMENT"] = @"--[^\n]*",
    };

    private readonly Dictionary<string, GrammarNode> _expressions = new(StringComparer.Ordinal);

    /// <summary>Whether a name is a terminal's: its first letter is upper case.</summary>
    public static bool IsTerminal(string name) => char.IsAsciiLetterUpper(name.AsSpan().TrimStart('_') is [var first, ..] ? first : '\0');

    /// <exception cref="GrammarException">There is no such terminal.</exception>
    public GrammarNode Common(string name) => CommonTerminals.TryGetValue(name, out var expression)
        ? Expression(expression)
        : throw source.Wrong($"an import of 'common.{name}', which is not known,");

    /// <summary>The string, range or expression that begins here.</summary>
    public GrammarNode Literal() => source.Take("/") ? Regex() : Text();

    private GrammarNode Text()
    {
        var first = Quoted();
        if (source.StartsWith("..") && source.At > 0)
        {
            source.Take("..");
            var last = Quoted();
            if (!IsOne(first, out var from) || !IsOne(last, out var to) || to < from)
            {
                throw source.Wrong("a range that is not from one character to a later one");
            }

            return new GrammarNode.Language(Dfa.Of(new RegexNode.CharSet([(from, to)]), budget));
        }

        return source.Here == 'i' && source.Take("i")
            ? new GrammarNode.Language(Dfa.Of(AnyCase(first), budget))
            : new GrammarNode.Literal(Encoding.UTF8.GetBytes(first));
    }

    private string Quoted()
    {
        source.Expect("\"", "a range without its second string");
        var text = new StringBuilder();
        while (!source.Take("\""))
        {
            text.Append(char.ConvertFromUtf32(source.CodePoint("a string")));
            budget.Work(1);
        }

        return text.ToString();
    }

    private GrammarNode Regex()
    {
        var pattern = new StringBuilder();
        while (!source.Take("/"))
        {
            if (source.AtEnd || source.Here == '\n')
            {
                throw source.Wrong("a regular expression without an end");
            }

            // An escaped slash is a slash; other escapes are the expression's.
            if (source.Take("\\/"))
            {
                pattern.Append('/');
                continue;
            }

            var length = source.StartsWith("\\\\") ? 2 : 1;
            for (var i = 0; i < length; i++)
            {
                pattern.Append(source.Here);
                source.Return(source.At + 1);
            }
        }

        var flags = source.TakeWhile(char.IsAsciiLetterLower);
        if (flags.AsSpan().ContainsAnyExcept('u'))
        {
            throw source.Wrong($"the flags '{flags}' of a regular expression, which are not supported,");
        }

        return Expression(pattern.ToString());
    }

    private GrammarNode Expression(string pattern)
    {
        if (!_expressions.TryGetValue(pattern, out var node))
        {
            var line = source.Line;
            try
            {
                node = new GrammarNode.Language(Dfa.Of(RegexParser.Parse(pattern, RegexAnchoring.Whole), budget));
            }
            catch (GrammarException exception)
            {
                throw new GrammarException($"{exception.Message.TrimEnd('.')}, in line {line} of the Lark grammar.");
            }

            _expressions.Add(pattern, node);
        }

        return node;
    }

    private static bool IsOne(string text, out int codePoint)
    {
        codePoint = 0;
        if (!Rune.TryGetRuneAt(text.Length == 0 ? " " : text, 0, out var rune) || rune.Utf16SequenceLength != text.Length)
        {
            return false;
        }

        codePoint = rune.Value;
        return true;
    }

    private static RegexNode.Sequence AnyCase(string text)
    {
        List<RegexNode> parts = [];
        foreach (var rune in text.EnumerateRunes())
        {
            var (lower, upper) = (Rune.ToLowerInvariant(rune).Value, Rune.ToUpperInvariant(rune).Value);
            parts.Add(CodePoints.Union([(lower, lower), (upper, upper), (rune.Value, rune.Value)]));
        }

        return new RegexNode.Sequence(parts);
    }
}
