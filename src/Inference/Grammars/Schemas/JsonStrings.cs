using System.Text;

namespace Tollgate.Inference.Grammars.Schemas;

/// <summary>The languages of JSON strings: what stands between the quotes.</summary>
/// <remarks>
/// A string without a schema may use every escape of JSON. Where the value matters (a pattern, a length, a name), each character has one
/// form only, and only plain characters occur: those that are one code point, one UTF-16 unit and one user-perceived character at once,
/// and on which regular expressions of all dialects agree. Validators count and match in different units.
/// </remarks>
internal static class JsonStrings
{
    /// <summary>Ranges of plain characters: no surrogates, combining marks, joiners, invisible spaces or carriage return.</summary>
    public static readonly IReadOnlyList<(int First, int Last)> PlainRanges =
    [
        (0x00, 0x0C), (0x0E, 0x7E), (0xA1, 0xAC), (0xAE, 0x2FF), (0x370, 0x377), (0x37A, 0x37F), (0x384, 0x482), (0x48A, 0x52F),
        (0x531, 0x556), (0x561, 0x587), (0x5D0, 0x5EA), (0x621, 0x63A), (0x641, 0x64A), (0x660, 0x669), (0x671, 0x6D3), (0xE01, 0xE30),
        (0xE3F, 0xE46), (0x10D0, 0x10FF), (0x1E00, 0x1FFE), (0x2010, 0x2027), (0x2030, 0x205E), (0x2070, 0x209C), (0x20A0, 0x20C0),
        (0x2100, 0x2BFF), (0x3001, 0x3029), (0x3030, 0x303F), (0x3041, 0x3096), (0x309B, 0x30FF), (0x3105, 0x312F), (0x3400, 0x4DBF),
        (0x4E00, 0x9FFF), (0xAC00, 0xD7A3), (0xFF01, 0xFF9D),
    ];

    private const string ShortEscapes = "\b\f\n\t";

    /// <summary>Any plain character, as it stands in a JSON string.</summary>
    public static readonly RegexNode PlainCharacter = Encode(new RegexNode.CharSet(PlainRanges));

    /// <summary>Any text of plain characters.</summary>
    public static readonly RegexNode PlainText = new RegexNode.Repeat(PlainCharacter, 0, null);

    /// <summary>Any JSON string with its quotes: every escape, but no half of a surrogate pair.</summary>
    public static readonly RegexNode AnyString = MakeAnyString();

    /// <summary>
    /// The name of a member, between the quotes: characters of all planes, each in one form, so that equal names are written alike.
    /// </summary>
    public static readonly RegexNode AnyName = new RegexNode.Repeat(
        Encode([(0x00, 0xD7FF), (0xE000, RegexNode.LastCodePoint)]), 0, null);

    /// <summary>Whether all characters of a text are plain.</summary>
    public static bool IsPlain(string text) => text.All(character => Contains(PlainRanges, character));

    /// <summary>A text's UTF-8 bytes as they stand between the quotes.</summary>
    public static byte[] Content(string text) => Encoding.UTF8.GetBytes(JsonValueText.Quoted(text)[1..^1]);

    /// <summary>The same language written as a JSON string; only texts of plain characters stay in it.</summary>
    public static RegexNode Encode(RegexNode node) =>
        Encode(node, new Dictionary<RegexNode, RegexNode>(ReferenceEqualityComparer.Instance));

    /// <summary>The language of one text between the quotes.</summary>
    public static RegexNode Text(string text) => RegexNode.Text(JsonValueText.Quoted(text)[1..^1]);

    /// <param name="known">Nodes that stand in several places, which stay one node.</param>
    private static RegexNode Encode(RegexNode node, Dictionary<RegexNode, RegexNode> known)
    {
        GrammarBudget.CheckDepth();
        if (!known.TryGetValue(node, out var encoded))
        {
            known[node] = encoded = node switch
            {
                RegexNode.CharSet { Ranges: [{ First: > ' ' and not ('"' or '\\'), Last: <= '~' } only] }
                    when only.First == only.Last => node,
                RegexNode.CharSet set => Encode(Intersect(set.Ranges, PlainRanges)),
                RegexNode.Sequence sequence => new RegexNode.Sequence([.. sequence.Parts.Select(part => Encode(part, known))]),
                RegexNode.Choice choice => new RegexNode.Choice([.. choice.Options.Select(option => Encode(option, known))]),
                RegexNode.Repeat repeat => repeat with { Item = Encode(repeat.Item, known) },
                _ => node,
            };
        }

        return encoded;
    }

    private static RegexNode Encode(IReadOnlyList<(int First, int Last)> ranges)
    {
        var plain = Intersect(ranges, [(0x20, '"' - 1), ('"' + 1, '\\' - 1), ('\\' + 1, RegexNode.LastCodePoint)]);
        List<RegexNode> options = plain.Count > 0 ? [new RegexNode.CharSet(plain)] : [];
        foreach (var escaped in ShortEscapes + "\r\"\\")
        {
            if (Contains(ranges, escaped))
            {
                options.Add(RegexNode.Text(JsonValueText.Escaped(escaped)));
            }
        }

        for (var high = 0; high < 2; high++)
        {
            List<(int First, int Last)> digits = [];
            for (var low = 0; low < 16; low++)
            {
                var character = (char)((high * 16) + low);
                if (Contains(ranges, character) && character is not ('\r' or '\b' or '\f' or '\n' or '\t'))
                {
                    digits.Add(("0123456789abcdef"[low], "0123456789abcdef"[low]));
                }
            }

            if (digits.Count > 0)
            {
                options.Add(new RegexNode.Sequence([RegexNode.Text($"\\u00{high}"), new RegexNode.CharSet(digits)]));
            }
        }

        return options.Count switch
        {
            0 => new RegexNode.CharSet([]),
            1 => options[0],
            _ => new RegexNode.Choice(options),
        };
    }

    private static bool Contains(IReadOnlyList<(int First, int Last)> ranges, int character) =>
        ranges.Any(range => character >= range.First && character <= range.Last);

    private static List<(int First, int Last)> Intersect(
        IReadOnlyList<(int First, int Last)> one, IReadOnlyList<(int First, int Last)> other)
    {
        List<(int First, int Last)> both = [];
        foreach (var first in one)
        {
            foreach (var second in other)
            {
                var (low, high) = (Math.Max(first.First, second.First), Math.Min(first.Last, second.Last));
                if (low <= high)
                {
                    both.Add((low, high));
                }
            }
        }

        return both;
    }

    private static RegexNode.Sequence MakeAnyString()
    {
        var digit = new RegexNode.CharSet([('0', '9'), ('A', 'F'), ('a', 'f')]);
        var d = new RegexNode.CharSet([('D', 'D'), ('d', 'd')]);
        var pair = new RegexNode.Sequence(
        [
            d, new RegexNode.CharSet([('8', '9'), ('A', 'B'), ('a', 'b')]), digit, digit, RegexNode.Text("\\u"),
            d, new RegexNode.CharSet([('C', 'F'), ('c', 'f')]), digit, digit,
        ]);
        var other = new RegexNode.CharSet([('0', '9'), ('A', 'C'), ('E', 'F'), ('a', 'c'), ('e', 'f')]);
        var unit = new RegexNode.Choice(
        [
            new RegexNode.Sequence([other, digit, digit, digit]),
            new RegexNode.Sequence([d, new RegexNode.CharSet([('0', '7')]), digit, digit]),
            pair,
        ]);
        var simple = new RegexNode.CharSet([.. "\"\\/bfnrt".Select(character => ((int)character, (int)character))]);
        var escape = new RegexNode.Sequence(
        [
            RegexNode.Text("\\"),
            new RegexNode.Choice([simple, new RegexNode.Sequence([RegexNode.Text("u"), unit])]),
        ]);
        var literal = new RegexNode.CharSet([(0x20, '"' - 1), ('"' + 1, '\\' - 1), ('\\' + 1, RegexNode.LastCodePoint)]);
        return new RegexNode.Sequence(
            [RegexNode.Text("\""), new RegexNode.Repeat(new RegexNode.Choice([literal, escape]), 0, null), RegexNode.Text("\"")]);
    }
}
