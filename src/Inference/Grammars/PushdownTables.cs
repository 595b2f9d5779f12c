namespace Tollgate.Inference.Grammars;

/// <summary>A call of an automaton.</summary>
/// <param name="Start">The state in which the automaton begins.</param>
/// <param name="To">The caller's state behind its text.</param>
internal readonly record struct PushdownCall(int Start, int To);

/// <summary>The tables of a pushdown automaton, all by state.</summary>
internal sealed class PushdownTables
{
    /// <summary>More bytes than any text has: the state reaches no end.</summary>
    private const long Never = long.MaxValue / 4;

    private readonly IReadOnlyList<EdgeList> _parts;
    private readonly int[] _offsets;
    private readonly int[] _starts;

    private PushdownTables(IReadOnlyList<EdgeList> parts, IReadOnlyList<GrammarNode.Repeat?> loops)
    {
        _parts = parts;
        _offsets = new int[parts.Count + 1];
        _starts = new int[parts.Count];
        for (var part = 0; part < parts.Count; part++)
        {
            // A loop has one state more, its start: state 0 may be entered again from inside an item.
            var own = loops[part] is null ? 0 : 1;
            _offsets[part + 1] = _offsets[part] + parts[part].Count + own;
            _starts[part] = _offsets[part] + (own * parts[part].Count);
        }

        var states = _offsets[^1];
        Accepting = new bool[states];
        Tail = new bool[states];
        LoopOf = new int[states];
        Array.Fill(LoopOf, CompiledGrammar.NoLoop);
        Loops = new CountedLoop[loops.Count];
        for (var part = 0; part < parts.Count; part++)
        {
            parts[part].Accepting.CopyTo(Accepting, _offsets[part]);
            if (loops[part] is { } loop)
            {
                Loops[part] = new CountedLoop(_starts[part], loop.Least, loop.Most);
                Array.Fill(LoopOf, part, _offsets[part], _offsets[part + 1] - _offsets[part]);
            }
        }

        (FirstEdge, Edges, FirstCall, Calls) = ([], [], [], []);
        ToExit = [];
    }

    public bool[] Accepting { get; }

    public bool[] Tail { get; }

    public int[] LoopOf { get; }

    public CountedLoop[] Loops { get; }

    public int[] FirstEdge { get; private set; }

    public ByteEdge[] Edges { get; private set; }

    public int[] FirstCall { get; private set; }

    public PushdownCall[] Calls { get; private set; }

    /// <summary>Fewest bytes to the end of the state's automaton; in a loop, of the item.</summary>
    public long[] ToExit { get; private set; }

    public byte[] Classes { get; } = new byte[256];

    public int ClassCount { get; private set; }

    public int Start => _starts[0];

    public int Automata => _parts.Count;

    /// <summary>Joins automata whose calls name each other's numbers; the first one is the start.</summary>
    /// <param name="loops">For each automaton of a counted repetition's item, the repetition.</param>
    /// <exception cref="GrammarException">Automata call each other without end before any byte.</exception>
    public static CompiledGrammar Join(IReadOnlyList<EdgeList> parts, IReadOnlyList<GrammarNode.Repeat?> loops, GrammarBudget budget)
    {
        var tables = new PushdownTables(parts, loops);
        tables.Fill(loops);
        tables.ToExit = new ShortestExits(tables, tables._starts, tables.PartOfStart(), Never).Find(budget);
        tables.Prune();
        tables.FindClasses();
        tables.CheckCalls();
        return new CompiledGrammar(tables);
    }

    private Dictionary<int, int> PartOfStart()
    {
        Dictionary<int, int> parts = [];
        for (var part = 0; part < _starts.Length; part++)
        {
            parts.Add(_starts[part], part);
        }

        return parts;
    }

    private void Fill(IReadOnlyList<GrammarNode.Repeat?> loops)
    {
        List<int> firstEdge = [];
        List<ByteEdge> edges = [];
        List<int> firstCall = [];
        List<PushdownCall> calls = [];
        for (var part = 0; part < _parts.Count; part++)
        {
            var (first, own) = ByteEdge.Pack(_parts[part]);
            var callsOf = _parts[part].Edges.Where(edge => edge.Label >= _parts[part].Classes).ToLookup(edge => edge.From);
            for (var i = 0; i < _offsets[part + 1] - _offsets[part]; i++)
            {
                var state = loops[part] is not null && i == _parts[part].Count ? 0 : i;
                firstEdge.Add(edges.Count);
                foreach (var edge in own.AsSpan(first[state]..first[state + 1]))
                {
                    edges.Add(edge with { To = _offsets[part] + edge.To });
                }

                firstCall.Add(calls.Count);
                foreach (var (_, label, to) in callsOf[state])
                {
                    calls.Add(new PushdownCall(_starts[_parts[part].Calls[label - _parts[part].Classes]], _offsets[part] + to));
                }
            }
        }

        firstEdge.Add(edges.Count);
        firstCall.Add(calls.Count);
        (FirstEdge, Edges, FirstCall, Calls) = ([.. firstEdge], [.. edges], [.. firstCall], [.. calls]);
    }

    /// <summary>Removes edges and calls that lead to no end, and notes the states behind which nothing follows.</summary>
    private void Prune()
    {
        var (edges, calls) = (new List<ByteEdge>(Edges.Length), new List<PushdownCall>(Calls.Length));
        for (var state = 0; state < Accepting.Length; state++)
        {
            var (firstEdge, firstCall) = (edges.Count, calls.Count);
            foreach (var edge in Edges.AsSpan(FirstEdge[state]..FirstEdge[state + 1]))
            {
                if (ToExit[edge.To] < Never)
                {
                    edges.Add(edge);
                }
            }

            foreach (var call in Calls.AsSpan(FirstCall[state]..FirstCall[state + 1]))
            {
                if (ToExit[call.To] < Never && ToExit[call.Start] < Never)
                {
                    calls.Add(call);
                }
            }

            (FirstEdge[state], FirstCall[state]) = (firstEdge, firstCall);
            Tail[state] = Accepting[state] && LoopOf[state] == CompiledGrammar.NoLoop
                && edges.Count == firstEdge && calls.Count == firstCall;
        }

        (FirstEdge[^1], FirstCall[^1]) = (edges.Count, calls.Count);
        (Edges, Calls) = ([.. edges], [.. calls]);
    }

    private void FindClasses()
    {
        Span<bool> begins = stackalloc bool[257];
        foreach (var edge in Edges)
        {
            begins[edge.First] = true;
            begins[edge.Last + 1] = true;
        }

        for (var value = 0; value < 256; value++)
        {
            ClassCount += value > 0 && begins[value] ? 1 : 0;
            Classes[value] = (byte)ClassCount;
        }

        ClassCount++;
    }

    /// <summary>Checks that no chain of calls comes back to its beginning without a byte read.</summary>
    private void CheckCalls()
    {
        var parts = PartOfStart();
        List<List<int>> references = [];
        foreach (var start in _starts)
        {
            List<int> called = [];
            var seen = new HashSet<int> { start };
            var open = new Stack<int>([start]);
            while (open.TryPop(out var state))
            {
                foreach (var call in Calls.AsSpan(FirstCall[state]..FirstCall[state + 1]))
                {
                    called.Add(parts[call.Start]);
                    var mayBeEmpty = ToExit[call.Start] == 0 || (LoopOf[call.Start] >= 0 && Loops[LoopOf[call.Start]].Least == 0);
                    if (mayBeEmpty && seen.Add(call.To))
                    {
                        open.Push(call.To);
                    }
                }
            }

            references.Add(called);
        }

        if (Array.Exists(GrammarFacts.Circles(references), circle => circle >= 0))
        {
            throw new GrammarException("The grammar has a left-recursive rule in a form that is not supported.");
        }
    }
}
