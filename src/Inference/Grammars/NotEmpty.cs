namespace Tollgate.Inference.Grammars;

/// <summary>
/// Writes a node without its empty text. A counted repetition needs an item that reads something: an item that may be empty would be
/// counted without a byte.
/// </summary>
/// <param name="rules">The grammar's rules, to which the not-empty forms of rules are added.</param>
internal sealed class NotEmpty(List<GrammarNode> rules, GrammarFacts facts, GrammarBudget budget)
{
    private static readonly GrammarNode Nothing = new GrammarNode.Choice([]);
    private readonly Dictionary<int, int> _forms = [];

    /// <summary>The same node where it is never empty.</summary>
    public GrammarNode Of(GrammarNode node)
    {
        GrammarBudget.CheckDepth();
        budget.Work(8);
        if (!facts.MayBeEmpty(node))
        {
            return node;
        }

        return node switch
        {
            GrammarNode.Literal => Nothing,
            GrammarNode.Language language => new GrammarNode.Language(language.Dfa.Except(Dfa.OfBytes([], budget), budget)),
            GrammarNode.Sequence sequence => OfSequence(sequence.Parts),
            GrammarNode.Choice choice => new GrammarNode.Choice([.. choice.Options.Select(Of)]),
            GrammarNode.Repeat repeat => repeat.Most == 0
                ? Nothing
                : new GrammarNode.Repeat(Of(repeat.Item), facts.MayBeEmpty(repeat.Item) ? 1 : Math.Max(1, repeat.Least), repeat.Most),
            GrammarNode.Rule rule => OfRule(rule.Index),
            _ => throw new ArgumentException($"{node.GetType().Name} is no part of a grammar.", nameof(node)),
        };
    }

    /// <summary>All parts may be empty: one of them is the first that is not.</summary>
    private GrammarNode.Choice OfSequence(IReadOnlyList<GrammarNode> parts)
    {
        List<GrammarNode> options = [];
        for (var i = 0; i < parts.Count; i++)
        {
            options.Add(new GrammarNode.Sequence([Of(parts[i]), .. parts.Skip(i + 1)]));
            budget.TakeNodes(parts.Count - i);
        }

        return new GrammarNode.Choice(options);
    }

    private GrammarNode.Rule OfRule(int rule)
    {
        if (!_forms.TryGetValue(rule, out var form))
        {
            form = rules.Count;
            _forms.Add(rule, form);
            rules.Add(Nothing);
            rules[form] = Of(rules[rule]);
        }

        return new GrammarNode.Rule(form);
    }
}
