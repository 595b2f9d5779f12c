namespace Tollgate.Inference.Grammars;

/// <summary>Runs two automata side by side: intersection, difference and union.</summary>
internal static class DfaProduct
{
    private const int Dead = -1;

    /// <param name="accepts">Whether a text is in the result, of whether it is in each language; false for a text of neither.</param>
    public static Dfa Run(Dfa one, Dfa other, Func<bool, bool, bool> accepts, GrammarBudget budget)
    {
        var starts = Dfa.Boundaries(one, other);
        var (alone, otherAlone) = (accepts(true, false), accepts(false, true));
        Dictionary<(int One, int Other), int> known = new() { [(0, 0)] = 0 };
        List<(int One, int Other)> pairs = [(0, 0)];
        List<bool> accepting = [];
        List<(int From, int Label, int To)> edges = [];
        for (var state = 0; state < pairs.Count; state++)
        {
            var pair = pairs[state];
            accepting.Add(accepts(Accepts(one, pair.One), Accepts(other, pair.Other)));
            for (var label = 0; label < starts.Length - 1; label++)
            {
                var value = (byte)starts[label];
                (int One, int Other) next = (Next(one, pair.One, value), Next(other, pair.Other, value));
                if ((next.One == Dead && !otherAlone) || (next.Other == Dead && !alone) || next is (Dead, Dead))
                {
                    continue;
                }

                if (!known.TryGetValue(next, out var to))
                {
                    budget.TakeStates(1);
                    known.Add(next, to = pairs.Count);
                    pairs.Add(next);
                }

                edges.Add((state, label, to));
            }

            budget.Work(starts.Length >> 2);
        }

        return Dfa.Of(new EdgeList([.. accepting], edges, starts, []), budget);
    }

    private static bool Accepts(Dfa dfa, int state) => state != Dead && dfa.IsAccepting(state);

    private static int Next(Dfa dfa, int state, byte value) => state == Dead ? Dead : dfa.Next(state, value);
}
