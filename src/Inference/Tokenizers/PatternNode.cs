namespace Tollgate.Inference.Tokenizers;

/// <summary>A part of a regular expression.</summary>
internal abstract record PatternNode
{
    /// <summary>Most characters that it matches; null without an end.</summary>
    public abstract int? Longest { get; }

    /// <summary>Fewest characters that it matches.</summary>
    public abstract int Shortest { get; }

    /// <summary>One character of a set.</summary>
    internal sealed record One(CharacterSet Set) : PatternNode
    {
        public override int? Longest => 1;

        public override int Shortest => 1;
    }

    /// <summary>Parts after each other; none: the empty text.</summary>
    internal sealed record Chain(IReadOnlyList<PatternNode> Parts) : PatternNode
    {
        public override int? Longest { get; } = Parts.Aggregate((int?)0, (sum, part) => Clamp(sum + (long?)part.Longest));

        public override int Shortest { get; } = (int)Math.Min(Parts.Sum(part => (long)part.Shortest), int.MaxValue);
    }

    /// <summary>The first part that leads to a match.</summary>
    internal sealed record Either(IReadOnlyList<PatternNode> Parts) : PatternNode
    {
        public override int? Longest { get; } = Parts.Any(part => part.Longest is null) ? null : Parts.Max(part => part.Longest);

        public override int Shortest { get; } = Parts.Min(part => part.Shortest);
    }

    /// <param name="Most">Null without an end.</param>
    internal sealed record Repeated(PatternNode Part, int Least, int? Most, Greed Greed) : PatternNode
    {
        public override int? Longest { get; } = Part.Longest == 0 ? 0 : Clamp((long?)Part.Longest * Most);

        public override int Shortest { get; } = (int)Math.Min((long)Part.Shortest * Least, int.MaxValue);
    }

    /// <summary>Whether a part matches before or behind a place, which stays where it is.</summary>
    internal sealed record Look(PatternNode Part, bool IsBehind, bool IsNegative) : PatternNode
    {
        public override int? Longest => 0;

        public override int Shortest => 0;
    }

    internal sealed record Anchor(AnchorKind Kind) : PatternNode
    {
        public override int? Longest => 0;

        public override int Shortest => 0;
    }

    private static int? Clamp(long? length) => length is { } known ? (int)Math.Min(known, int.MaxValue) : null;
}

/// <summary>How much of what it could match a repetition takes first.</summary>
internal enum Greed
{
    Most,
    Least,

    /// <summary>As much as it can, and never less.</summary>
    All,
}

internal enum AnchorKind
{
    LineStart,
    LineEnd,
    TextStart,
    TextEnd,

    /// <summary>The end of the text, or before the line end there.</summary>
    LastLineEnd,
    WordEdge,
    NoWordEdge,
}
