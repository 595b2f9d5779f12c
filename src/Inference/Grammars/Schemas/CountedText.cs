namespace Tollgate.Inference.Grammars.Schemas;

/// <summary>The texts of a language whose number of characters lies within bounds.</summary>
internal static class CountedText
{
    /// <param name="content">The language, as it stands between the quotes.</param>
    /// <param name="character">One character; no text of it is the beginning of another.</param>
    /// <param name="most">Null is without an upper bound.</param>
    /// <exception cref="GrammarTooLargeException">A bound of the budget is passed.</exception>
    public static Dfa Run(Dfa content, Dfa character, int least, int? most, GrammarBudget budget)
    {
        var nfa = new Nfa(budget);
        var end = nfa.AddState();
        var start = nfa.AddState();
        var known = new Dictionary<(int Content, int Character, int Count), int> { [(0, 0, 0)] = start };
        var open = new Queue<(int Content, int Character, int Count)>([(0, 0, 0)]);
        while (open.TryDequeue(out var state))
        {
            var from = known[state];
            if (state.Character == 0 && state.Count >= least && content.IsAccepting(state.Content))
            {
                nfa.AddEmpty(from, end);
            }

            foreach (var edge in content.Edges(state.Content))
            {
                foreach (var part in character.Edges(state.Character))
                {
                    var (first, last) = (Math.Max(edge.First, part.First), Math.Min(edge.Last, part.Last));
                    var isWhole = character.IsAccepting(part.To);
                    var count = isWhole ? Math.Min(state.Count + 1, most is null ? least : int.MaxValue) : state.Count;
                    if (first > last || count > most || (!isWhole && count == most))
                    {
                        continue;
                    }

                    var next = (edge.To, isWhole ? 0 : part.To, count);
                    if (!known.TryGetValue(next, out var to))
                    {
                        known[next] = to = nfa.AddState();
                        open.Enqueue(next);
                    }

                    nfa.AddBytes(from, first, last, to);
                }
            }

            budget.Work(1 + content.Edges(state.Content).Length);
        }

        return Dfa.Of(nfa, start, end, budget);
    }
}
