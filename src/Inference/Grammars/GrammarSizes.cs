namespace Tollgate.Inference.Grammars;

/// <summary>
/// Decides which parts of a grammar are written out into the automaton that refers to them, and which are called: recursive rules,
/// rules above a size, counted repetitions, and broad languages that stand in several places.
/// </summary>
internal sealed class GrammarSizes
{
    /// <summary>A counted repetition of more states than this becomes a counter.</summary>
    private const int MostRepeatedStates = 64;

    /// <summary>A state that leads to itself over this many bytes makes a language broad: its masks are dear, and worth sharing.</summary>
    private const int BroadBytes = 64;

    private readonly IReadOnlyList<GrammarNode> _rules;
    private readonly int[] _circles;
    private readonly int _mostInlined;
    private readonly Dictionary<int, long> _ruleSizes = [];
    private readonly Dictionary<Dfa, int> _uses = new(ReferenceEqualityComparer.Instance);

    /// <param name="mostInlined">A rule of more states is called.</param>
    public GrammarSizes(IReadOnlyList<GrammarNode> rules, int[] circles, int mostInlined)
    {
        _rules = rules;
        _circles = circles;
        _mostInlined = mostInlined;
        foreach (var rule in rules)
        {
            CountUses(rule);
        }
    }

    /// <summary>Whether a node is called instead of written out.</summary>
    public bool IsCalled(GrammarNode node) => node switch
    {
        GrammarNode.Rule rule => rule.Index >= _circles.Length || _circles[rule.Index] >= 0 || SizeOfRule(rule.Index) > _mostInlined,
        GrammarNode.Language language => _uses.GetValueOrDefault(language.Dfa) > 1 && IsBroad(language.Dfa),
        GrammarNode.Repeat { Least: < 2, Most: null or < 2 } => false,
        GrammarNode.Repeat repeat => Size(repeat.Item) * (repeat.Most ?? repeat.Least) > MostRepeatedStates,
        _ => false,
    };

    /// <summary>About how many states a node has where it is referred to.</summary>
    public long Size(GrammarNode node)
    {
        GrammarBudget.CheckDepth();
        if (IsCalled(node))
        {
            return 1;
        }

        return node switch
        {
            GrammarNode.Literal literal => literal.Bytes.Length,
            GrammarNode.Language language => language.Dfa.Count,
            GrammarNode.Sequence sequence => Sum(sequence.Parts),
            GrammarNode.Choice choice => Sum(choice.Options),
            GrammarNode.Repeat repeat => Math.Min(int.MaxValue, Size(repeat.Item) * Math.Max(1, repeat.Most ?? (repeat.Least + 1))),
            GrammarNode.Rule rule => SizeOfRule(rule.Index),
            _ => 1,
        };
    }

    private long Sum(IReadOnlyList<GrammarNode> parts)
    {
        var sum = 0L;
        foreach (var part in parts)
        {
            sum = Math.Min(int.MaxValue, sum + Size(part));
        }

        return sum;
    }

    private long SizeOfRule(int rule)
    {
        if (!_ruleSizes.TryGetValue(rule, out var size))
        {
            size = Size(_rules[rule]);
            _ruleSizes.Add(rule, size);
        }

        return size;
    }

    private void CountUses(GrammarNode node)
    {
        GrammarBudget.CheckDepth();
        switch (node)
        {
            case GrammarNode.Language language:
                _uses[language.Dfa] = _uses.GetValueOrDefault(language.Dfa) + 1;
                break;
            case GrammarNode.Repeat repeat:
                CountUses(repeat.Item);
                break;
            case GrammarNode.Sequence sequence:
                foreach (var part in sequence.Parts)
                {
                    CountUses(part);
                }

                break;
            case GrammarNode.Choice choice:
                foreach (var option in choice.Options)
                {
                    CountUses(option);
                }

                break;
        }
    }

    private static bool IsBroad(Dfa dfa)
    {
        for (var state = 0; state < dfa.Count; state++)
        {
            var bytes = 0;
            foreach (var edge in dfa.Edges(state))
            {
                bytes += edge.To == state ? edge.Last - edge.First + 1 : 0;
            }

            if (bytes >= BroadBytes)
            {
                return true;
            }
        }

        return false;
    }
}
