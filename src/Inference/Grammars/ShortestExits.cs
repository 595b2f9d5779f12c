namespace Tollgate.Inference.Grammars;

/// <summary>Finds the fewest bytes from each state to the end of its automaton, calls at the length of their shortest text.</summary>
/// <remarks>Knuth, A generalization of Dijkstra's algorithm (1977): states and automata are settled by their length.</remarks>
internal sealed class ShortestExits
{
    /// <summary>Longer texts count as this: no generation has so many tokens, and no sum of them overflows.</summary>
    private const long LongestText = int.MaxValue;

    private readonly PushdownTables _tables;
    private readonly Dictionary<int, int> _partOfStart;
    private readonly long _never;
    private readonly long[] _exits;
    private readonly bool[] _settled;
    private readonly long[] _texts;
    private readonly PriorityQueue<(bool IsPart, int Number, long Length), long> _open = new();
    private readonly ILookup<int, int> _edgesInto;
    private readonly ILookup<int, (int From, int Part)> _callsInto;
    private readonly ILookup<int, (int From, int To)> _callsOf;

    /// <param name="starts">The state in which each automaton begins.</param>
    /// <param name="never">The length where there is none.</param>
    public ShortestExits(PushdownTables tables, int[] starts, Dictionary<int, int> partOfStart, long never)
    {
        _tables = tables;
        _partOfStart = partOfStart;
        _never = never;
        _exits = new long[tables.Accepting.Length];
        _settled = new bool[tables.Accepting.Length];
        _texts = new long[starts.Length];
        Array.Fill(_exits, never);
        Array.Fill(_texts, never);
        List<(int From, int To)> edges = [];
        List<(int From, int Part, int To)> calls = [];
        for (var state = 0; state < _exits.Length; state++)
        {
            foreach (var edge in tables.Edges.AsSpan(tables.FirstEdge[state]..tables.FirstEdge[state + 1]))
            {
                edges.Add((state, edge.To));
            }

            foreach (var call in tables.Calls.AsSpan(tables.FirstCall[state]..tables.FirstCall[state + 1]))
            {
                calls.Add((state, partOfStart[call.Start], call.To));
            }
        }

        _edgesInto = edges.ToLookup(edge => edge.To, edge => edge.From);
        _callsInto = calls.ToLookup(call => call.To, call => (call.From, call.Part));
        _callsOf = calls.ToLookup(call => call.Part, call => (call.From, call.To));
    }

    public long[] Find(GrammarBudget budget)
    {
        for (var state = 0; state < _exits.Length; state++)
        {
            if (_tables.Accepting[state])
            {
                Offer(state, 0);
            }
        }

        for (var part = 0; part < _texts.Length; part++)
        {
            if (_tables.Loops[part] is { Least: 0 })
            {
                _open.Enqueue((true, part, 0), 0);
            }
        }

        while (_open.TryDequeue(out var next, out _))
        {
            budget.Work(4);
            if (next.IsPart)
            {
                SettlePart(next.Number, next.Length);
            }
            else
            {
                SettleState(next.Number, next.Length);
            }
        }

        return _exits;
    }

    private void SettlePart(int part, long length)
    {
        if (_texts[part] < _never)
        {
            return;
        }

        _texts[part] = length;
        foreach (var (from, to) in _callsOf[part])
        {
            if (_settled[to])
            {
                Offer(from, _exits[to] + length);
            }
        }
    }

    private void SettleState(int state, long length)
    {
        if (_settled[state])
        {
            return;
        }

        _settled[state] = true;
        foreach (var from in _edgesInto[state])
        {
            Offer(from, length + 1);
        }

        foreach (var (from, part) in _callsInto[state])
        {
            if (_texts[part] < _never)
            {
                Offer(from, length + _texts[part]);
            }
        }

        if (_partOfStart.TryGetValue(state, out var own))
        {
            var text = Math.Min(length * (_tables.Loops[own]?.Least ?? 1), LongestText);
            _open.Enqueue((true, own, text), text);
        }
    }

    private void Offer(int state, long length)
    {
        length = Math.Min(length, LongestText);
        if (length < _exits[state])
        {
            _exits[state] = length;
            _open.Enqueue((false, state, length), length);
        }
    }
}
