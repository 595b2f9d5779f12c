namespace Tollgate.Inference.Grammars;

/// <summary>Makes the automata of a grammar: one for the start, and one for each part that is called.</summary>
internal sealed class GrammarCompiler
{
    /// <summary>Bounds on the states of a rule that is written out, one for each attempt: the first that fits is taken.</summary>
    private static readonly int[] Attempts = [int.MaxValue, 2_000, 100, 8];

    private readonly List<GrammarNode> _rules;
    private readonly GrammarBudget _budget;
    private readonly GrammarFacts _facts;
    private readonly GrammarSizes _sizes;
    private readonly NotEmpty _notEmpty;
    private readonly List<GrammarNode> _parts = [];
    private readonly Dictionary<int, int> _ofRule = [];
    private readonly List<EdgeList> _automata = [];

    private GrammarCompiler(List<GrammarNode> rules, GrammarFacts facts, GrammarSizes sizes, GrammarBudget budget)
    {
        _rules = rules;
        _budget = budget;
        _facts = facts;
        _sizes = sizes;
        _notEmpty = new NotEmpty(rules, facts, budget);
    }

    /// <exception cref="GrammarException">The grammar contradicts itself; the message names the rule.</exception>
    /// <exception cref="GrammarTooLargeException">A bound of the budget is passed.</exception>
    public static CompiledGrammar Compile(Grammar grammar, GrammarBudget budget)
    {
        foreach (var rule in grammar.Rules)
        {
            Check(rule, grammar.Rules.Count, budget);
        }

        if (!new GrammarFacts(grammar.Rules, budget).MayEnd(new GrammarNode.Rule(grammar.Start)))
        {
            throw new GrammarException($"The grammar has no text: '{grammar.NameOf(grammar.Start)}' never ends.");
        }

        grammar = LeftRecursion.Remove(grammar, budget);
        List<List<int>> references = [];
        foreach (var rule in grammar.Rules)
        {
            List<int> of = [];
            GrammarFacts.References(rule, of);
            references.Add(of);
        }

        var circles = GrammarFacts.Circles(references);
        var taken = budget.Taken;
        for (var attempt = 0; ; attempt++)
        {
            var isLast = attempt == Attempts.Length - 1;
            budget.Attempt(taken, isLast ? int.MaxValue : taken.States + (budget.States / 8));
            try
            {
                List<GrammarNode> rules = [.. grammar.Rules];
                var sizes = new GrammarSizes(grammar.Rules, circles, Attempts[attempt]);
                var compiler = new GrammarCompiler(rules, new GrammarFacts(grammar.Rules, budget), sizes, budget);
                return compiler.Run(grammar.Start);
            }
            catch (GrammarTooLargeException) when (!isLast)
            {
                budget.Look(); // Throws again where steps or time are what ended.
            }
        }
    }

    private CompiledGrammar Run(int start)
    {
        Call(new GrammarNode.Rule(start));
        for (var part = 0; part < _parts.Count; part++)
        {
            _automata.Add(Make(_parts[part]));
        }

        return PushdownTables.Join(_automata, [.. _parts.Select(part => part as GrammarNode.Repeat)], _budget);
    }

    private EdgeList Make(GrammarNode part)
    {
        var body = part is GrammarNode.Rule { Index: var index } ? _rules[index] : part;
        if (body is GrammarNode.Language whole && (ReferenceEquals(body, part) || !_sizes.IsCalled(body)))
        {
            _budget.TakeStates(whole.Dfa.Count);
            return whole.Dfa.ToEdges();
        }

        var nfa = new Nfa(_budget);
        var (start, end) = (nfa.AddState(), nfa.AddState());
        var states = new GrammarStates(nfa, _rules, node => _sizes.IsCalled(node) ? Call(node) : GrammarStates.WrittenOut);
        states.Add(part is GrammarNode.Repeat repeat ? _notEmpty.Of(repeat.Item) : body, start, end);
        return Minimizer.Run(Determinizer.Run(nfa, start, end, _budget), _budget);
    }

    /// <summary>The number of the automaton that is called for a node; it is made later.</summary>
    private int Call(GrammarNode node)
    {
        if (node is GrammarNode.Rule rule)
        {
            if (!_ofRule.TryGetValue(rule.Index, out var known))
            {
                _ofRule.Add(rule.Index, known = Add(node));
            }

            return known;
        }

        // An item that may be empty is counted as its not-empty texts, and then no number of them is needed.
        node = node is GrammarNode.Repeat repeat && _facts.MayBeEmpty(repeat.Item) ? repeat with { Least = 0 } : node;
        var same = _parts.FindIndex(part => IsSame(part, node));
        return same >= 0 ? same : Add(node);
    }

    private int Add(GrammarNode node)
    {
        _budget.TakeNodes(1);
        _parts.Add(node);
        return _parts.Count - 1;
    }

    private static bool IsSame(GrammarNode one, GrammarNode other) => (one, other) switch
    {
        (GrammarNode.Language a, GrammarNode.Language b) => a.Dfa.IsSame(b.Dfa),
        (GrammarNode.Repeat a, GrammarNode.Repeat b) => a.Least == b.Least && a.Most == b.Most
            && (ReferenceEquals(a.Item, b.Item) || (a.Item is GrammarNode.Language or GrammarNode.Rule && IsSame(a.Item, b.Item))),
        (GrammarNode.Rule a, GrammarNode.Rule b) => a.Index == b.Index,
        _ => false,
    };

    private static void Check(GrammarNode node, int rules, GrammarBudget budget)
    {
        GrammarBudget.CheckDepth();
        budget.TakeNodes(1);
        budget.Work(1);
        switch (node)
        {
            case GrammarNode.Rule rule when rule.Index < 0 || rule.Index >= rules:
                throw new ArgumentException($"There is no rule {rule.Index}.", nameof(node));
            case GrammarNode.Repeat repeat:
                if (repeat.Least < 0 || repeat.Most < repeat.Least)
                {
                    throw new GrammarException($"A repetition's bounds are the wrong way round: {repeat.Least} to {repeat.Most}.");
                }

                Check(repeat.Item, rules, budget);
                break;
            case GrammarNode.Sequence sequence:
                foreach (var part in sequence.Parts)
                {
                    Check(part, rules, budget);
                }

                break;
            case GrammarNode.Choice choice:
                foreach (var option in choice.Options)
                {
                    Check(option, rules, budget);
                }

                break;
        }
    }
}
