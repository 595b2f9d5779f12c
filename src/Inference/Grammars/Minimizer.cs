namespace Tollgate.Inference.Grammars;

/// <summary>
/// Makes the smallest automaton of a deterministic one: without states that reach no end, states alike merged, numbered from the start
/// in the order of the labels. Two automata of one language over the same classes become the same.
/// </summary>
/// <remarks>Valmari, Fast brief practical DFA minimization (2012): blocks of states and of edges refine each other.</remarks>
internal static class Minimizer
{
    /// <exception cref="GrammarTooLargeException">A bound of the budget is passed.</exception>
    public static EdgeList Run(EdgeList automaton, GrammarBudget budget)
    {
        var edges = Useful(automaton, budget, out var useful);
        if (!useful[0])
        {
            return automaton with { Accepting = [false], Edges = [] };
        }

        var blocks = new Partition(automaton.Count);
        Mark(blocks, automaton.Count, state => automaton.Accepting[state]);
        Mark(blocks, automaton.Count, state => !useful[state]);
        var cords = ByLabel(edges);
        var incoming = Incoming(edges, automaton.Count, out var firstIncoming);
        for (int block = 1, cord = 0; cord < cords.Count; cord++)
        {
            foreach (var edge in cords.Members(cord))
            {
                blocks.Mark(edges[edge].From);
            }

            budget.Work(1 + cords.Members(cord).Length);
            blocks.Split();
            for (; block < blocks.Count; block++)
            {
                foreach (var state in blocks.Members(block))
                {
                    for (var at = firstIncoming[state]; at < firstIncoming[state + 1]; at++)
                    {
                        cords.Mark(incoming[at]);
                    }

                    budget.Work(1 + firstIncoming[state + 1] - firstIncoming[state]);
                }

                cords.Split();
            }
        }

        return Quotient(automaton, edges, blocks);
    }

    /// <summary>The edges from which an end is reached.</summary>
    private static List<(int From, int Label, int To)> Useful(EdgeList automaton, GrammarBudget budget, out bool[] useful)
    {
        var incoming = Incoming(automaton.Edges, automaton.Count, out var first);
        useful = new bool[automaton.Count];
        var open = new Stack<int>();
        for (var state = 0; state < automaton.Count; state++)
        {
            if (automaton.Accepting[state])
            {
                useful[state] = true;
                open.Push(state);
            }
        }

        while (open.TryPop(out var state))
        {
            for (var at = first[state]; at < first[state + 1]; at++)
            {
                var from = automaton.Edges[incoming[at]].From;
                if (!useful[from])
                {
                    useful[from] = true;
                    open.Push(from);
                }
            }

            budget.Work(1 + first[state + 1] - first[state]);
        }

        if (!useful.Contains(false))
        {
            return automaton.Edges;
        }

        List<(int From, int Label, int To)> kept = [];
        foreach (var edge in automaton.Edges)
        {
            if (useful[edge.To])
            {
                kept.Add(edge);
            }
        }

        return kept;
    }

    private static void Mark(Partition blocks, int count, Func<int, bool> belongs)
    {
        for (var state = 0; state < count; state++)
        {
            if (belongs(state))
            {
                blocks.Mark(state);
            }
        }

        blocks.Split();
    }

    private static Partition ByLabel(List<(int From, int Label, int To)> edges)
    {
        var labels = new int[edges.Count];
        for (var edge = 0; edge < labels.Length; edge++)
        {
            labels[edge] = edges[edge].Label;
        }

        return Partition.ByKey(labels);
    }

    /// <summary>The edges into each state: those of state s lie from <c>first[s]</c> to <c>first[s + 1]</c>, exclusive.</summary>
    private static int[] Incoming(List<(int From, int Label, int To)> edges, int states, out int[] first)
    {
        first = new int[states + 1];
        foreach (var edge in edges)
        {
            first[edge.To + 1]++;
        }

        for (var state = 0; state < states; state++)
        {
            first[state + 1] += first[state];
        }

        var at = first.AsSpan(0, states).ToArray();
        var incoming = new int[edges.Count];
        for (var edge = 0; edge < incoming.Length; edge++)
        {
            incoming[at[edges[edge].To]++] = edge;
        }

        return incoming;
    }

    /// <summary>The edges of each block's first state: those of block b lie from <c>first[b]</c> to <c>first[b + 1]</c>,
    /// exclusive.</summary>
    private static (int Label, int To)[] Outgoing(List<(int From, int Label, int To)> edges, Partition blocks, out int[] first)
    {
        first = new int[blocks.Count + 1];
        foreach (var edge in edges)
        {
            first[blocks.Of(edge.From) + 1] += blocks.IsFirst(edge.From) ? 1 : 0;
        }

        for (var block = 0; block < blocks.Count; block++)
        {
            first[block + 1] += first[block];
        }

        var at = first.AsSpan(0, blocks.Count).ToArray();
        var outgoing = new (int Label, int To)[first[^1]];
        foreach (var (from, label, to) in edges)
        {
            if (blocks.IsFirst(from))
            {
                outgoing[at[blocks.Of(from)]++] = (label, blocks.Of(to));
            }
        }

        return outgoing;
    }

    private static EdgeList Quotient(EdgeList automaton, List<(int From, int Label, int To)> edges, Partition blocks)
    {
        var outgoing = Outgoing(edges, blocks, out var first);

        var numbers = new Dictionary<int, int> { [blocks.Of(0)] = 0 };
        List<int> order = [blocks.Of(0)];
        List<(int From, int Label, int To)> merged = [];
        for (var state = 0; state < order.Count; state++)
        {
            var leaving = outgoing.AsSpan(first[order[state]]..first[order[state] + 1]);
            leaving.Sort();
            foreach (var (label, to) in leaving)
            {
                if (numbers.TryAdd(to, order.Count))
                {
                    order.Add(to);
                }

                merged.Add((state, label, numbers[to]));
            }
        }

        var accepting = new bool[order.Count];
        for (var state = 0; state < accepting.Length; state++)
        {
            accepting[state] = automaton.Accepting[blocks.Members(order[state])[0]];
        }

        return automaton with { Accepting = accepting, Edges = merged };
    }
}
