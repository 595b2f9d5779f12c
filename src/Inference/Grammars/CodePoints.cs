using System.Collections.Concurrent;
using System.Globalization;

namespace Tollgate.Inference.Grammars;

/// <summary>Sets of code points. All sets are sorted and disjoint.</summary>
internal static class CodePoints
{
    /// <summary>Categories by the names that regular expressions give them; the long ones as in ECMA-262.</summary>
    private static readonly Dictionary<string, string[]> Categories = new(StringComparer.Ordinal)
    {
        ["L"] = ["Lu", "Ll", "Lt", "Lm", "Lo"],
        ["LC"] = ["Lu", "Ll", "Lt"],
        ["M"] = ["Mn", "Mc", "Me"],
        ["N"] = ["Nd", "Nl", "No"],
        ["P"] = ["Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po"],
        ["S"] = ["Sm", "Sc", "Sk", "So"],
        ["Z"] = ["Zs", "Zl", "Zp"],
        ["C"] = ["Cc", "Cf", "Cs", "Co", "Cn"],
    };

    private static readonly Dictionary<string, string> LongNames = new(StringComparer.Ordinal)
    {
        ["Letter"] = "L", ["Cased_Letter"] = "LC", ["Uppercase_Letter"] = "Lu", ["Lowercase_Letter"] = "Ll", ["Titlecase_Letter"] = "Lt",
        ["Modifier_Letter"] = "Lm", ["Other_Letter"] = "Lo", ["Mark"] = "M", ["Nonspacing_Mark"] = "Mn", ["Spacing_Mark"] = "Mc",
        ["Enclosing_Mark"] = "Me", ["Number"] = "N", ["Decimal_Number"] = "Nd", ["Letter_Number"] = "Nl", ["Other_Number"] = "No",
        ["Punctuation"] = "P", ["Connector_Punctuation"] = "Pc", ["Dash_Punctuation"] = "Pd", ["Open_Punctuation"] = "Ps",
        ["Close_Punctuation"] = "Pe", ["Initial_Punctuation"] = "Pi", ["Final_Punctuation"] = "Pf", ["Other_Punctuation"] = "Po",
        ["Symbol"] = "S", ["Math_Symbol"] = "Sm", ["Currency_Symbol"] = "Sc", ["Modifier_Symbol"] = "Sk", ["Other_Symbol"] = "So",
        ["Separator"] = "Z", ["Space_Separator"] = "Zs", ["Line_Separator"] = "Zl", ["Paragraph_Separator"] = "Zp", ["Other"] = "C",
        ["Control"] = "Cc", ["Format"] = "Cf", ["Private_Use"] = "Co", ["Unassigned"] = "Cn",
    };

    /// <summary>The short names in the order of <see cref="UnicodeCategory"/>.</summary>
    private static readonly string[] ShortNames =
    [
        "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co", "Pc", "Pd", "Ps", "Pe",
        "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So", "Cn",
    ];

    private static readonly ConcurrentDictionary<string, RegexNode.CharSet> Properties = new(StringComparer.Ordinal);

    /// <summary>Every code point.</summary>
    public static RegexNode.CharSet All { get; } = new([(0, RegexNode.LastCodePoint)]);

    /// <summary>ASCII's digits.</summary>
    public static RegexNode.CharSet Digits { get; } = new([('0', '9')]);

    /// <summary>ASCII's letters and digits, and the underscore.</summary>
    public static RegexNode.CharSet WordCharacters { get; } = new([('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')]);

    /// <summary>White space and line ends of ECMA-262.</summary>
    public static RegexNode.CharSet Spaces { get; } = new(
    [
        ('\t', '\r'), (' ', ' '), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A), (0x2028, 0x2029), (0x202F, 0x202F), (0x205F, 0x205F),
        (0x3000, 0x3000), (0xFEFF, 0xFEFF),
    ]);

    /// <summary>What the dot leaves out.</summary>
    public static RegexNode.CharSet LineEnds { get; } = new([('\n', '\n'), ('\r', '\r'), (0x2028, 0x2029)]);

    /// <summary>Sorts ranges and joins those that touch.</summary>
    public static RegexNode.CharSet Union(IEnumerable<(int First, int Last)> ranges)
    {
        List<(int First, int Last)> joined = [];
        foreach (var range in ranges.Order())
        {
            if (joined.Count > 0 && range.First <= joined[^1].Last + 1)
            {
                joined[^1] = (joined[^1].First, Math.Max(joined[^1].Last, range.Last));
            }
            else
            {
                joined.Add(range);
            }
        }

        return new RegexNode.CharSet(joined);
    }

    /// <summary>Every code point that a set lacks.</summary>
    public static RegexNode.CharSet Except(RegexNode.CharSet set)
    {
        List<(int First, int Last)> rest = [];
        var next = 0;
        foreach (var (first, last) in Union(set.Ranges).Ranges)
        {
            if (first > next)
            {
                rest.Add((next, first - 1));
            }

            next = last + 1;
        }

        if (next <= RegexNode.LastCodePoint)
        {
            rest.Add((next, RegexNode.LastCodePoint));
        }

        return new RegexNode.CharSet(rest);
    }

    /// <summary>The code points of a general category, or of <c>Any</c> or <c>ASCII</c>; null for every other name.</summary>
    public static RegexNode.CharSet? OfProperty(string name)
    {
        var equals = name.IndexOf('=', StringComparison.Ordinal);
        if (equals >= 0)
        {
            if (name[..equals] is not ("General_Category" or "gc"))
            {
                return null;
            }

            name = name[(equals + 1)..];
        }

        name = LongNames.GetValueOrDefault(name, name);
        return name switch
        {
            "Any" => All,
            "ASCII" => new RegexNode.CharSet([(0, 0x7F)]),
            _ when Categories.TryGetValue(name, out var parts) => Properties.GetOrAdd(name, _ => OfCategories(parts)),
            _ when Array.IndexOf(ShortNames, name) >= 0 => Properties.GetOrAdd(name, _ => OfCategories([name])),
            _ => null,
        };
    }

    private static RegexNode.CharSet OfCategories(string[] names)
    {
        List<(int First, int Last)> ranges = [];
        for (var codePoint = 0; codePoint <= RegexNode.LastCodePoint; codePoint++)
        {
            if (Array.IndexOf(names, ShortNames[(int)CharUnicodeInfo.GetUnicodeCategory(codePoint)]) >= 0)
            {
                ranges.Add((codePoint, codePoint));
            }
        }

        return Union(ranges);
    }
}
