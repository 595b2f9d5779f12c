namespace Tollgate.Inference.Grammars;

/// <summary>
/// A nondeterministic automaton under construction. Its edges read a range of bytes, read nothing, or read a text of a rule.
/// </summary>
internal sealed class Nfa(GrammarBudget budget)
{
    private readonly List<int> _firstEdge = [];
    private readonly List<Edge> _edges = [];

    /// <summary>Number of states.</summary>
    public int Count => _firstEdge.Count;

    public int AddState()
    {
        budget.TakeNodes(1);
        _firstEdge.Add(-1);
        return _firstEdge.Count - 1;
    }

    /// <summary>An edge over the bytes <paramref name="first"/> to <paramref name="last"/>.</summary>
    public void AddBytes(int from, int first, int last, int to) => Add(from, new Edge(EdgeKind.Bytes, first, last, to, 0));

    /// <summary>An edge that reads nothing.</summary>
    public void AddEmpty(int from, int to) => Add(from, new Edge(EdgeKind.Empty, 0, 0, to, 0));

    /// <summary>An edge over any text of a rule.</summary>
    public void AddCall(int from, int rule, int to) => Add(from, new Edge(EdgeKind.Call, rule, rule, to, 0));

    /// <summary>The index of a state's first edge, or -1; the next one is <see cref="Edge.Next"/>.</summary>
    public int FirstEdge(int state) => _firstEdge[state];

    public Edge this[int edge] => _edges[edge];

    /// <summary>Adds the states of a finished automaton.</summary>
    /// <param name="to">Reached where the automaton accepts.</param>
    public void AddDfa(Dfa dfa, int from, int to)
    {
        var offset = Count;
        for (var state = 0; state < dfa.Count; state++)
        {
            AddState();
        }

        AddEmpty(from, offset);
        for (var state = 0; state < dfa.Count; state++)
        {
            if (dfa.IsAccepting(state))
            {
                AddEmpty(offset + state, to);
            }

            foreach (var edge in dfa.Edges(state))
            {
                AddBytes(offset + state, edge.First, edge.Last, offset + edge.To);
            }
        }
    }

    private void Add(int from, Edge edge)
    {
        budget.TakeNodes(1);
        _edges.Add(edge with { Next = _firstEdge[from] });
        _firstEdge[from] = _edges.Count - 1;
    }

    internal enum EdgeKind : byte
    {
        Bytes,
        Empty,
        Call,
    }

    /// <param name="First">First byte, or the rule.</param>
    /// <param name="Next">The next edge of the same state, or -1.</param>
    internal readonly record struct Edge(EdgeKind Kind, int First, int Last, int To, int Next);
}
