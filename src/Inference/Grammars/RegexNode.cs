namespace Tollgate.Inference.Grammars;

/// <summary>A regular expression over Unicode code points. Surrogates are no code points: a range that holds them skips them.</summary>
internal abstract record RegexNode
{
    /// <summary>The greatest code point.</summary>
    public const int LastCodePoint = 0x10FFFF;

    /// <summary>The empty text.</summary>
    public sealed record Empty : RegexNode;

    /// <summary>One code point of the ranges, both ends included; no range is a language without a text.</summary>
    public sealed record CharSet(IReadOnlyList<(int First, int Last)> Ranges) : RegexNode;

    /// <summary>The parts one after another.</summary>
    public sealed record Sequence(IReadOnlyList<RegexNode> Parts) : RegexNode;

    /// <summary>One of the options.</summary>
    public sealed record Choice(IReadOnlyList<RegexNode> Options) : RegexNode;

    /// <summary>The item <paramref name="Least"/> to <paramref name="Most"/> times; null is without an upper bound.</summary>
    public sealed record Repeat(RegexNode Item, int Least, int? Most) : RegexNode;

    /// <summary>The code points of a text, one after another.</summary>
    public static RegexNode Text(string text)
    {
        List<RegexNode> parts = [];
        foreach (var rune in text.EnumerateRunes())
        {
            parts.Add(new CharSet([(rune.Value, rune.Value)]));
        }

        return new Sequence(parts);
    }
}
