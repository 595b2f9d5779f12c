namespace Tollgate.Inference.Grammars.Schemas;

/// <summary>
/// Removes what no finite text can pass: a generation must never enter a part that it cannot leave. Such parts come from properties that
/// allow nothing and from schemas that ask for themselves without an end.
/// </summary>
internal sealed class GrammarTrim
{
    private readonly List<GrammarNode> _rules;
    private readonly bool[] _productive;

    private GrammarTrim(List<GrammarNode> rules)
    {
        _rules = rules;
        _productive = new bool[rules.Count];
    }

    /// <summary>The rules that are reached from the first one, which stays the first; null where it has no text.</summary>
    public static IReadOnlyList<GrammarNode>? Run(List<GrammarNode> rules)
    {
        var trim = new GrammarTrim(rules);
        trim.FindProductive();
        return trim._productive[0] ? trim.Rebuild() : null;
    }

    /// <summary>A rule is looked at again whenever one that it refers to becomes productive.</summary>
    private void FindProductive()
    {
        var users = new List<int>[_rules.Count];
        for (var rule = 0; rule < _rules.Count; rule++)
        {
            Note(_rules[rule], rule, users);
        }

        var open = new Queue<int>(Enumerable.Range(0, _rules.Count));
        while (open.TryDequeue(out var rule))
        {
            if (_productive[rule] || !HasText(_rules[rule]))
            {
                continue;
            }

            _productive[rule] = true;
            foreach (var user in users[rule] ?? [])
            {
                open.Enqueue(user);
            }
        }
    }

    private static void Note(GrammarNode node, int rule, List<int>[] users)
    {
        switch (node)
        {
            case GrammarNode.Rule used:
                (users[used.Index] ??= []).Add(rule);
                break;
            case GrammarNode.Sequence sequence:
                foreach (var part in sequence.Parts)
                {
                    Note(part, rule, users);
                }

                break;
            case GrammarNode.Choice choice:
                foreach (var option in choice.Options)
                {
                    Note(option, rule, users);
                }

                break;
            case GrammarNode.Repeat repeat:
                Note(repeat.Item, rule, users);
                break;
        }
    }

    private bool HasText(GrammarNode node) => node switch
    {
        GrammarNode.Language language => !language.Dfa.IsEmpty,
        GrammarNode.Sequence sequence => sequence.Parts.All(HasText),
        GrammarNode.Choice choice => choice.Options.Any(HasText),
        GrammarNode.Repeat repeat => repeat.Least == 0 || HasText(repeat.Item),
        GrammarNode.Rule rule => _productive[rule.Index],
        _ => true,
    };

    private List<GrammarNode> Rebuild()
    {
        var numbers = new Dictionary<int, int> { [0] = 0 };
        var reached = new List<int> { 0 };
        List<GrammarNode> kept = [];
        for (var at = 0; at < reached.Count; at++)
        {
            kept.Add(Rebuild(_rules[reached[at]], numbers, reached));
        }

        return kept;
    }

    private GrammarNode Rebuild(GrammarNode node, Dictionary<int, int> numbers, List<int> reached)
    {
        switch (node)
        {
            case GrammarNode.Sequence sequence:
                return new GrammarNode.Sequence([.. sequence.Parts.Select(part => Rebuild(part, numbers, reached))]);
            case GrammarNode.Choice choice:
                return GrammarParts.Choice([.. choice.Options.Where(HasText).Select(option => Rebuild(option, numbers, reached))]);
            case GrammarNode.Repeat repeat:
                return HasText(repeat.Item) ? repeat with { Item = Rebuild(repeat.Item, numbers, reached) } : GrammarParts.Empty;
            case GrammarNode.Rule rule:
                if (!numbers.TryGetValue(rule.Index, out var number))
                {
                    numbers[rule.Index] = number = reached.Count;
                    reached.Add(rule.Index);
                }

                return new GrammarNode.Rule(number);
            default:
                return node;
        }
    }
}
