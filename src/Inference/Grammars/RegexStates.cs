namespace Tollgate.Inference.Grammars;

/// <summary>Writes a regular expression into a nondeterministic automaton, its code points as UTF-8.</summary>
internal sealed class RegexStates(Nfa nfa, GrammarBudget budget)
{
    /// <summary>A set with more ranges is made minimal before it is written, once for all its places.</summary>
    private const int FewRanges = 4;

    private readonly Dictionary<RegexNode.CharSet, Dfa> _sets = new(ReferenceEqualityComparer.Instance);

    /// <summary>Adds the texts of a node as ways from one state to another.</summary>
    public void Add(RegexNode node, int from, int to)
    {
        GrammarBudget.CheckDepth();
        budget.Work(1);
        switch (node)
        {
            case RegexNode.Empty:
                nfa.AddEmpty(from, to);
                break;
            case RegexNode.CharSet set:
                AddSet(set, from, to);
                break;
            case RegexNode.Sequence sequence:
                foreach (var part in sequence.Parts)
                {
                    var next = nfa.AddState();
                    Add(part, from, next);
                    from = next;
                }

                nfa.AddEmpty(from, to);
                break;
            case RegexNode.Choice choice:
                foreach (var option in choice.Options)
                {
                    Add(option, from, to);
                }

                break;
            case RegexNode.Repeat repeat:
                Repetition.Add(nfa, repeat.Least, repeat.Most, from, to, (begin, end) => Add(repeat.Item, begin, end));
                break;
            default:
                throw new ArgumentException($"{node.GetType().Name} is no regular expression.", nameof(node));
        }
    }

    private void AddSet(RegexNode.CharSet set, int from, int to)
    {
        if (set.Ranges.Count <= FewRanges)
        {
            Utf8Ranges.Add(nfa, set.Ranges, from, to);
            return;
        }

        if (!_sets.TryGetValue(set, out var dfa))
        {
            var small = new Nfa(budget);
            var (start, end) = (small.AddState(), small.AddState());
            Utf8Ranges.Add(small, set.Ranges, start, end);
            _sets.Add(set, dfa = Dfa.Of(small, start, end, budget));
        }

        nfa.AddDfa(dfa, from, to);
    }
}
