namespace Tollgate.Inference.Grammars;

/// <summary>
/// A minimal deterministic automaton over bytes; state 0 is the start. A byte without an edge leaves the language. Immutable.
/// </summary>
internal sealed class Dfa
{
    private readonly bool[] _accepting;
    private readonly int[] _first;
    private readonly ByteEdge[] _edges;

    /// <param name="automaton">Minimal, without calls of rules.</param>
    private Dfa(EdgeList automaton)
    {
        _accepting = automaton.Accepting;
        (_first, _edges) = ByteEdge.Pack(automaton);
    }

    /// <summary>Number of states; at least 1.</summary>
    public int Count => _accepting.Length;

    /// <summary>Whether the language has no text.</summary>
    public bool IsEmpty => Count == 1 && !_accepting[0];

    /// <summary>Whether the empty text is in the language.</summary>
    public bool AcceptsEmpty => _accepting[0];

    /// <summary>The language of a regular expression, its code points as UTF-8.</summary>
    /// <exception cref="GrammarTooLargeException">A bound of the budget is passed.</exception>
    public static Dfa Of(RegexNode node, GrammarBudget budget)
    {
        var nfa = new Nfa(budget);
        var (start, end) = (nfa.AddState(), nfa.AddState());
        new RegexStates(nfa, budget).Add(node, start, end);
        return Of(nfa, start, end, budget);
    }

    /// <summary>The language of a part of a byte-level grammar.</summary>
    /// <exception cref="ArgumentException">It refers to a rule.</exception>
    /// <exception cref="GrammarTooLargeException">A bound of the budget is passed.</exception>
    public static Dfa OfBytes(GrammarNode node, GrammarBudget budget)
    {
        var nfa = new Nfa(budget);
        var (start, end) = (nfa.AddState(), nfa.AddState());
        new GrammarStates(nfa, [], static part => part is GrammarNode.Rule
            ? throw new ArgumentException("A rule is referred to in what must be regular.", nameof(part))
            : GrammarStates.WrittenOut).Add(node, start, end);
        return Of(nfa, start, end, budget);
    }

    /// <summary>The language of one text.</summary>
    public static Dfa OfBytes(ReadOnlySpan<byte> text, GrammarBudget budget) =>
        OfBytes(new GrammarNode.Literal(text.ToArray()), budget);

    internal static Dfa Of(Nfa nfa, int start, int end, GrammarBudget budget) =>
        Of(Determinizer.Run(nfa, start, end, budget), budget);

    internal static Dfa Of(EdgeList automaton, GrammarBudget budget) => new(Minimizer.Run(automaton, budget));

    /// <summary>The texts of both.</summary>
    /// <exception cref="GrammarTooLargeException">A bound of the budget is passed.</exception>
    public Dfa Intersect(Dfa other, GrammarBudget budget) => DfaProduct.Run(this, other, static (one, two) => one && two, budget);

    /// <summary>The texts of this one that the other lacks.</summary>
    /// <exception cref="GrammarTooLargeException">A bound of the budget is passed.</exception>
    public Dfa Except(Dfa other, GrammarBudget budget) => DfaProduct.Run(this, other, static (one, two) => one && !two, budget);

    /// <summary>The texts of either.</summary>
    /// <exception cref="GrammarTooLargeException">A bound of the budget is passed.</exception>
    public Dfa Union(Dfa other, GrammarBudget budget) => DfaProduct.Run(this, other, static (one, two) => one || two, budget);

    /// <summary>Whether a whole text is in the language.</summary>
    public bool Accepts(ReadOnlySpan<byte> text)
    {
        var state = 0;
        foreach (var value in text)
        {
            state = Next(state, value);
            if (state < 0)
            {
                return false;
            }
        }

        return _accepting[state];
    }

    /// <summary>Whether a text may end at a state.</summary>
    public bool IsAccepting(int state) => _accepting[state];

    /// <summary>The state after a byte; -1 where the byte leaves the language.</summary>
    public int Next(int state, byte value)
    {
        foreach (ref readonly var edge in Edges(state))
        {
            if (value <= edge.Last)
            {
                return value >= edge.First ? edge.To : -1;
            }
        }

        return -1;
    }

    /// <summary>The edges of a state, by their bytes.</summary>
    internal ReadOnlySpan<ByteEdge> Edges(int state) => _edges.AsSpan(_first[state].._first[state + 1]);

    /// <summary>The bytes at which the edges of some automata begin and end, from 0 to 256; ascending.</summary>
    internal static int[] Boundaries(params ReadOnlySpan<Dfa> automata)
    {
        Span<bool> begins = stackalloc bool[257];
        begins[0] = begins[256] = true;
        foreach (var automaton in automata)
        {
            foreach (ref readonly var edge in automaton._edges.AsSpan())
            {
                begins[edge.First] = true;
                begins[edge.Last + 1] = true;
            }
        }

        List<int> starts = [];
        for (var value = 0; value <= 256; value++)
        {
            if (begins[value])
            {
                starts.Add(value);
            }
        }

        return [.. starts];
    }

    /// <summary>The same automaton as a list.</summary>
    internal EdgeList ToEdges()
    {
        var starts = Boundaries(this);
        List<(int From, int Label, int To)> edges = [];
        for (var state = 0; state < Count; state++)
        {
            var label = 0;
            foreach (var edge in Edges(state))
            {
                for (; starts[label] <= edge.Last; label++)
                {
                    if (starts[label] >= edge.First)
                    {
                        edges.Add((state, label, edge.To));
                    }
                }
            }
        }

        return new EdgeList(_accepting, edges, starts, []);
    }

    /// <summary>Whether both are the same automaton, and so the same language.</summary>
    internal bool IsSame(Dfa other) =>
        ReferenceEquals(this, other)
        || (_accepting.AsSpan().SequenceEqual(other._accepting) && _first.AsSpan().SequenceEqual(other._first)
            && _edges.AsSpan().SequenceEqual(other._edges));
}
