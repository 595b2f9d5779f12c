namespace Tollgate.Inference.Grammars;

/// <summary>A part of a byte-level context-free grammar.</summary>
internal abstract record GrammarNode
{
    /// <summary>These bytes; none is the empty text.</summary>
    public sealed record Literal(byte[] Bytes) : GrammarNode;

    /// <summary>Any text of a regular language.</summary>
    public sealed record Language(Dfa Dfa) : GrammarNode;

    /// <summary>The parts one after another; none is the empty text.</summary>
    public sealed record Sequence(IReadOnlyList<GrammarNode> Parts) : GrammarNode;

    /// <summary>One of the options; none is a language without a text.</summary>
    public sealed record Choice(IReadOnlyList<GrammarNode> Options) : GrammarNode;

    /// <summary>The item <paramref name="Least"/> to <paramref name="Most"/> times; null is without an upper bound.</summary>
    public sealed record Repeat(GrammarNode Item, int Least, int? Most) : GrammarNode;

    /// <summary>A text of a rule of the grammar, which may refer to itself.</summary>
    public sealed record Rule(int Index) : GrammarNode;
}
