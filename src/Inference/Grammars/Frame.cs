namespace Tollgate.Inference.Grammars;

/// <summary>
/// One level of a stack: where an automaton stands, or will go on once the automaton above it ends. Stacks share the levels below.
/// Immutable but for a memory of its own.
/// </summary>
internal sealed class Frame
{
    /// <summary>More levels than this end a generation: each costs memory.</summary>
    public const int MostLevels = 10_000;

    /// <summary>A way to the end that is longer counts as this.</summary>
    private const long MostBytes = long.MaxValue / 8;

    /// <summary>Stands below a stack whose lower levels are unknown.</summary>
    public static readonly Frame Unknown = new(-1, 0);

    private readonly int _hash;
    private Frame? _alike;

    /// <param name="count">In a counted repetition, the items that are whole.</param>
    /// <param name="below">Null at the end of the text.</param>
    public Frame(CompiledGrammar grammar, int state, int count, Frame? below)
    {
        State = state;
        Count = count;
        Below = below;
        HasCount = grammar.LoopOf(state) is not null || below is { HasCount: true };
        ToEnd = Math.Min(MostBytes, grammar.ToExit(state, count) + (below?.ToEnd ?? 0));
        Levels = (below?.Levels ?? 0) + 1;
        _hash = HashCode.Combine(state, count, below?._hash ?? 0);
        if (Levels > MostLevels)
        {
            throw new GrammarException($"The answer is nested more than {MostLevels:N0} levels deep.");
        }
    }

    private Frame(int state, int hash) => (State, _hash) = (state, hash);

    public int State { get; }

    public int Count { get; }

    public Frame? Below { get; }

    /// <summary>Fewest bytes to the end of the whole text; above <see cref="Unknown"/>, to the end of the known levels.</summary>
    public long ToEnd { get; }

    public int Levels { get; }

    private bool HasCount { get; }

    /// <summary>
    /// The same stack with the smallest counts that allow the same for the next bytes. It is remembered, so a frame must always be
    /// asked with the same window.
    /// </summary>
    public Frame Alike(CompiledGrammar grammar, int window)
    {
        if (!HasCount)
        {
            return this;
        }

        if (_alike is not null)
        {
            return _alike;
        }

        // From the bottom up, without recursion: a stack may be deep.
        var levels = new Stack<Frame>();
        for (var frame = this; frame is { HasCount: true, _alike: null }; frame = frame.Below)
        {
            levels.Push(frame);
        }

        while (levels.TryPop(out var frame))
        {
            var below = frame.Below is { HasCount: true } lower ? lower._alike : frame.Below;
            var count = grammar.LoopOf(frame.State)?.Alike(frame.Count, window) ?? 0;
            frame._alike = count == frame.Count && ReferenceEquals(below, frame.Below)
                ? frame
                : new Frame(grammar, frame.State, count, below);
            frame._alike._alike = frame._alike;
        }

        return _alike!;
    }

    /// <summary>Whether two stacks are the same.</summary>
    public static bool AreSame(Frame? one, Frame? other)
    {
        while (!ReferenceEquals(one, other))
        {
            if (one is null || other is null || one._hash != other._hash || one.State != other.State || one.Count != other.Count)
            {
                return false;
            }

            (one, other) = (one.Below, other.Below);
        }

        return true;
    }

    public override int GetHashCode() => _hash;

    public override bool Equals(object? obj) => obj is Frame other && AreSame(this, other);
}
