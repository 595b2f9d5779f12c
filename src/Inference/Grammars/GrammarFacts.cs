namespace Tollgate.Inference.Grammars;

/// <summary>What is known of each rule of a grammar before its automata are made.</summary>
internal sealed class GrammarFacts
{
    private readonly IReadOnlyList<GrammarNode> _rules;
    private readonly bool[] _mayBeEmpty;
    private readonly bool[] _mayEnd;

    public GrammarFacts(IReadOnlyList<GrammarNode> rules, GrammarBudget budget)
    {
        _rules = rules;
        _mayBeEmpty = new bool[rules.Count];
        _mayEnd = new bool[rules.Count];
        Settle(_mayBeEmpty, MayBeEmpty, budget);
        Settle(_mayEnd, MayEnd, budget);
    }

    /// <summary>Whether the empty text is one of the node's.</summary>
    public bool MayBeEmpty(GrammarNode node)
    {
        GrammarBudget.CheckDepth();
        return node switch
        {
            GrammarNode.Literal literal => literal.Bytes.Length == 0,
            GrammarNode.Language language => language.Dfa.AcceptsEmpty,
            GrammarNode.Sequence sequence => sequence.Parts.All(MayBeEmpty),
            GrammarNode.Choice choice => choice.Options.Any(MayBeEmpty),
            GrammarNode.Repeat repeat => repeat.Least == 0 || MayBeEmpty(repeat.Item),
            // Rules that were added later are forms without the empty text.
            GrammarNode.Rule rule => rule.Index < _mayBeEmpty.Length && _mayBeEmpty[rule.Index],
            _ => throw new ArgumentException($"{node.GetType().Name} is no part of a grammar.", nameof(node)),
        };
    }

    /// <summary>Whether the node has a text at all; a rule that always needs itself has none.</summary>
    public bool MayEnd(GrammarNode node)
    {
        GrammarBudget.CheckDepth();
        return node switch
        {
            GrammarNode.Literal => true,
            GrammarNode.Language language => !language.Dfa.IsEmpty,
            GrammarNode.Sequence sequence => sequence.Parts.All(MayEnd),
            GrammarNode.Choice choice => choice.Options.Any(MayEnd),
            GrammarNode.Repeat repeat => repeat.Least == 0 || MayEnd(repeat.Item),
            GrammarNode.Rule rule => _mayEnd[rule.Index],
            _ => throw new ArgumentException($"{node.GetType().Name} is no part of a grammar.", nameof(node)),
        };
    }

    /// <summary>The rules that a node refers to, each as often as it does.</summary>
    public static void References(GrammarNode node, List<int> into)
    {
        GrammarBudget.CheckDepth();
        switch (node)
        {
            case GrammarNode.Rule rule:
                into.Add(rule.Index);
                break;
            case GrammarNode.Repeat repeat:
                References(repeat.Item, into);
                break;
            case GrammarNode.Sequence sequence:
                foreach (var part in sequence.Parts)
                {
                    References(part, into);
                }

                break;
            case GrammarNode.Choice choice:
                foreach (var option in choice.Options)
                {
                    References(option, into);
                }

                break;
        }
    }

    /// <summary>The rules with which a text of the node may begin, with no byte before them.</summary>
    public void FirstReferences(GrammarNode node, List<int> into)
    {
        GrammarBudget.CheckDepth();
        switch (node)
        {
            case GrammarNode.Rule rule:
                into.Add(rule.Index);
                break;
            case GrammarNode.Repeat repeat:
                FirstReferences(repeat.Item, into);
                break;
            case GrammarNode.Sequence sequence:
                foreach (var part in sequence.Parts)
                {
                    FirstReferences(part, into);
                    if (!MayBeEmpty(part))
                    {
                        break;
                    }
                }

                break;
            case GrammarNode.Choice choice:
                foreach (var option in choice.Options)
                {
                    FirstReferences(option, into);
                }

                break;
        }
    }

    /// <summary>Which rules reach themselves over the given references, directly or by others.</summary>
    /// <returns>Of each rule the number of its circle, or -1.</returns>
    public static int[] Circles(IReadOnlyList<List<int>> references)
    {
        // Tarjan's strong components, with a stack of its own: a chain of rules may be long.
        var count = references.Count;
        var (order, low, circle) = (new int[count], new int[count], new int[count]);
        Array.Fill(circle, -1);
        var onStack = new bool[count];
        var stack = new Stack<int>();
        var path = new Stack<(int Rule, int At)>();
        var (next, circles) = (1, 0);
        for (var root = 0; root < count; root++)
        {
            if (order[root] != 0)
            {
                continue;
            }

            path.Push((root, 0));
            while (path.TryPop(out var step))
            {
                var (rule, at) = step;
                if (at == 0)
                {
                    order[rule] = low[rule] = next++;
                    stack.Push(rule);
                    onStack[rule] = true;
                }
                else
                {
                    low[rule] = Math.Min(low[rule], low[references[rule][at - 1]]);
                }

                for (; at < references[rule].Count; at++)
                {
                    var other = references[rule][at];
                    if (order[other] == 0)
                    {
                        break;
                    }

                    low[rule] = onStack[other] ? Math.Min(low[rule], order[other]) : low[rule];
                }

                if (at < references[rule].Count)
                {
                    path.Push((rule, at + 1));
                    path.Push((references[rule][at], 0));
                }
                else if (low[rule] == order[rule])
                {
                    Close(rule, references, stack, onStack, circle, ref circles);
                }
            }
        }

        return circle;
    }

    private static void Close(
        int rule, IReadOnlyList<List<int>> references, Stack<int> stack, bool[] onStack, int[] circle, ref int circles)
    {
        var alone = stack.Peek() == rule && !references[rule].Contains(rule);
        int member;
        do
        {
            member = stack.Pop();
            onStack[member] = false;
            circle[member] = alone ? -1 : circles;
        }
        while (member != rule);
        circles += alone ? 0 : 1;
    }

    /// <summary>Asks again until no rule changes, in turns from either end: rules mostly refer in one direction.</summary>
    private void Settle(bool[] facts, Func<GrammarNode, bool> ask, GrammarBudget budget)
    {
        var (changed, backwards) = (true, false);
        while (changed)
        {
            (changed, backwards) = (false, !backwards);
            for (var i = 0; i < facts.Length; i++)
            {
                var rule = backwards ? facts.Length - 1 - i : i;
                if (!facts[rule] && ask(_rules[rule]))
                {
                    facts[rule] = changed = true;
                }

                budget.Work(8);
            }
        }
    }
}
