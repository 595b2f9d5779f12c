using System.Runtime.InteropServices;

namespace Tollgate.Inference.Grammars;

/// <summary>The subset construction: makes a deterministic automaton of a nondeterministic one. Rules that are called are labels.</summary>
internal sealed class Determinizer
{
    private readonly Nfa _nfa;
    private readonly GrammarBudget _budget;
    private readonly byte[] _classes = new byte[256];
    private readonly List<int> _starts = [];
    private readonly List<int> _calls = [];
    private readonly Dictionary<int, int> _callLabels = [];
    private readonly Dictionary<int[], int> _known = new(new SetComparer());
    private readonly List<int[]> _sets = [];
    private readonly List<(int From, int Label, int To)> _edges = [];
    private readonly int[] _mark;
    private readonly List<int> _reached = [];
    private readonly List<int> _labels = [];
    private readonly Stack<int> _open = [];
    private int _stamp;

    private Determinizer(Nfa nfa, GrammarBudget budget)
    {
        _nfa = nfa;
        _budget = budget;
        _mark = new int[nfa.Count];
        FindClasses();
    }

    /// <param name="accept">The one state at which a text may end.</param>
    /// <exception cref="GrammarTooLargeException">A bound of the budget is passed.</exception>
    public static EdgeList Run(Nfa nfa, int start, int accept, GrammarBudget budget) => new Determinizer(nfa, budget).Run(start, accept);

    private EdgeList Run(int start, int accept)
    {
        Intern([start]);
        var targets = new List<int>[_starts.Count - 1 + _calls.Count];
        for (var label = 0; label < targets.Length; label++)
        {
            targets[label] = [];
        }

        List<bool> accepting = [];
        for (var state = 0; state < _sets.Count; state++)
        {
            accepting.Add(Array.BinarySearch(_sets[state], accept) >= 0);
            Collect(_sets[state], targets);
            var previous = -1;
            foreach (var label in _labels)
            {
                // Neighbouring classes mostly lead to the same states.
                var same = previous >= 0 && CollectionsMarshal.AsSpan(targets[previous]).SequenceEqual(
                    CollectionsMarshal.AsSpan(targets[label]));
                var to = same ? _edges[^1].To : Intern(targets[label]);
                _edges.Add((state, label, to));
                previous = label;
            }

            _budget.Work(1 + _sets[state].Length);
        }

        return new EdgeList([.. accepting], _edges, _starts, _calls);
    }

    /// <summary>Collects where the edges of a set lead, by their labels; the labels that occur are sorted.</summary>
    private void Collect(int[] set, List<int>[] targets)
    {
        foreach (var label in _labels)
        {
            targets[label].Clear();
        }

        _labels.Clear();
        foreach (var state in set)
        {
            for (var at = _nfa.FirstEdge(state); at >= 0; at = _nfa[at].Next)
            {
                var edge = _nfa[at];
                if (edge.Kind == Nfa.EdgeKind.Bytes)
                {
                    for (var label = (int)_classes[edge.First]; label <= _classes[edge.Last]; label++)
                    {
                        Add(targets, label, edge.To);
                    }

                    _budget.Work(1 + ((_classes[edge.Last] - _classes[edge.First]) >> 3));
                }
                else if (edge.Kind == Nfa.EdgeKind.Call)
                {
                    Add(targets, _callLabels[edge.First], edge.To);
                }
            }
        }

        _labels.Sort();
    }

    private void Add(List<int>[] targets, int label, int state)
    {
        if (targets[label].Count == 0)
        {
            _labels.Add(label);
        }

        targets[label].Add(state);
    }

    /// <summary>The number of a set of states, after what they reach without reading.</summary>
    private int Intern(List<int> states)
    {
        _stamp++;
        _reached.Clear();
        foreach (var state in states)
        {
            Reach(state);
        }

        while (_open.TryPop(out var state))
        {
            var matters = _nfa.FirstEdge(state) < 0;
            for (var at = _nfa.FirstEdge(state); at >= 0; at = _nfa[at].Next)
            {
                if (_nfa[at].Kind == Nfa.EdgeKind.Empty)
                {
                    Reach(_nfa[at].To);
                }
                else
                {
                    matters = true;
                }
            }

            if (matters)
            {
                _reached.Add(state);
            }

            _budget.Work(1);
        }

        _reached.Sort();
        var set = _reached.ToArray();
        if (_known.TryGetValue(set, out var known))
        {
            return known;
        }

        _budget.TakeStates(1);
        _known.Add(set, _sets.Count);
        _sets.Add(set);
        return _sets.Count - 1;
    }

    private void Reach(int state)
    {
        if (_mark[state] != _stamp)
        {
            _mark[state] = _stamp;
            _open.Push(state);
        }
    }

    /// <summary>Numbers the classes in the order of the bytes, so that a range of bytes is a range of classes.</summary>
    private void FindClasses()
    {
        Span<bool> begins = stackalloc bool[257];
        begins[0] = true;
        for (var state = 0; state < _nfa.Count; state++)
        {
            for (var at = _nfa.FirstEdge(state); at >= 0; at = _nfa[at].Next)
            {
                var edge = _nfa[at];
                if (edge.Kind == Nfa.EdgeKind.Bytes)
                {
                    begins[edge.First] = true;
                    begins[edge.Last + 1] = true;
                }
                else if (edge.Kind == Nfa.EdgeKind.Call && !_callLabels.ContainsKey(edge.First))
                {
                    _callLabels.Add(edge.First, _calls.Count);
                    _calls.Add(edge.First);
                }
            }
        }

        for (var value = 0; value < 256; value++)
        {
            if (begins[value])
            {
                _starts.Add(value);
            }

            _classes[value] = (byte)(_starts.Count - 1);
        }

        foreach (var rule in _calls)
        {
            _callLabels[rule] += _starts.Count;
        }

        _starts.Add(256);
    }

    private sealed class SetComparer : IEqualityComparer<int[]>
    {
        public bool Equals(int[]? one, int[]? other) => one.AsSpan().SequenceEqual(other);

        public int GetHashCode(int[] set)
        {
            var hash = default(HashCode);
            hash.AddBytes(MemoryMarshal.AsBytes(set.AsSpan()));
            return hash.ToHashCode();
        }
    }
}
