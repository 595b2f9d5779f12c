namespace Tollgate.Inference.Grammars;

/// <summary>
/// Rewrites rules that may begin with themselves, because an automaton would enter them without end: <c>A = A x | y</c> becomes
/// <c>A = y x*</c>. A circle of several rules is first written into one of them.
/// </summary>
internal sealed class LeftRecursion
{
    /// <summary>Most alternatives that a rule may have after others were written into it.</summary>
    private const int MostAlternatives = 2_000;

    private readonly Grammar _grammar;
    private readonly GrammarNode[] _rules;
    private readonly GrammarBudget _budget;

    private LeftRecursion(Grammar grammar, GrammarBudget budget)
    {
        _grammar = grammar;
        _rules = [.. grammar.Rules];
        _budget = budget;
    }

    /// <summary>A grammar of the same language without left recursion.</summary>
    /// <exception cref="GrammarException">It cannot be rewritten; the message names the rule.</exception>
    public static Grammar Remove(Grammar grammar, GrammarBudget budget)
    {
        var rewriting = new LeftRecursion(grammar, budget);
        return rewriting.Run() ? grammar with { Rules = rewriting._rules } : grammar;
    }

    private bool Run()
    {
        var rewritten = false;
        while (true)
        {
            var facts = new GrammarFacts(_rules, _budget);
            List<List<int>> first = [];
            foreach (var rule in _rules)
            {
                List<int> references = [];
                facts.FirstReferences(rule, references);
                first.Add(references);
            }

            var circles = GrammarFacts.Circles(first);
            var recursive = Array.FindIndex(circles, circle => circle >= 0);
            if (recursive < 0)
            {
                return rewritten;
            }

            rewritten = true;
            Rewrite(recursive, circles, facts);
        }
    }

    /// <summary>Makes one rule of a circle free of recursion at its beginning; the circle then no longer goes through it.</summary>
    private void Rewrite(int rule, int[] circles, GrammarFacts facts)
    {
        List<GrammarNode> beginnings = [];
        List<GrammarNode> continuations = [];
        var open = new Queue<List<GrammarNode>>(Alternatives(_rules[rule]));
        var seen = open.Count;
        while (open.TryDequeue(out var alternative))
        {
            _budget.Work(16);
            var head = alternative.Count == 0 ? null : alternative[0] as GrammarNode.Rule;
            if (head is null || circles[head.Index] != circles[rule])
            {
                Check(rule, alternative, circles, facts);
                beginnings.Add(new GrammarNode.Sequence(alternative));
            }
            else if (head.Index == rule)
            {
                if (alternative.Count > 1)
                {
                    continuations.Add(new GrammarNode.Sequence([.. alternative.Skip(1)]));
                }
            }
            else
            {
                foreach (var beginning in Alternatives(_rules[head.Index]))
                {
                    open.Enqueue([.. beginning, .. alternative.Skip(1)]);
                    seen++;
                }

                if (seen > MostAlternatives)
                {
                    throw Refused(rule, "it begins with itself by too many ways");
                }
            }
        }

        if (beginnings.Count == 0)
        {
            throw Refused(rule, "it always begins with itself");
        }

        GrammarNode body = beginnings.Count == 1 ? beginnings[0] : new GrammarNode.Choice(beginnings);
        GrammarNode more = new GrammarNode.Choice(continuations);
        _rules[rule] = continuations.Count == 0 ? body : new GrammarNode.Sequence([body, new GrammarNode.Repeat(more, 0, null)]);
    }

    /// <summary>Refuses recursion behind a part that may be empty, or inside a repetition.</summary>
    private void Check(int rule, List<GrammarNode> alternative, int[] circles, GrammarFacts facts)
    {
        List<int> first = [];
        facts.FirstReferences(new GrammarNode.Sequence(alternative), first);
        foreach (var reference in first)
        {
            if (circles[reference] == circles[rule])
            {
                throw Refused(rule, "it begins with itself behind a part that may be empty, or inside a repetition");
            }
        }
    }

    private GrammarException Refused(int rule, string why) =>
        new($"The rule '{_grammar.NameOf(rule)}' is left-recursive in a way that is not supported: {why}.");

    /// <summary>The ways a node may be, each as a sequence whose first part is no choice and no sequence.</summary>
    private static IEnumerable<List<GrammarNode>> Alternatives(GrammarNode node)
    {
        GrammarBudget.CheckDepth();
        switch (node)
        {
            case GrammarNode.Choice choice:
                return choice.Options.SelectMany(Alternatives);
            case GrammarNode.Sequence { Parts.Count: 0 }:
                return [[]];
            case GrammarNode.Sequence sequence:
                var rest = sequence.Parts.Skip(1).ToArray();
                return Alternatives(sequence.Parts[0]).SelectMany(head => head.Count > 0
                    ? [[.. head, .. rest]]
                    : Alternatives(new GrammarNode.Sequence(rest)));
            case GrammarNode.Repeat { Least: 0, Most: 1 } maybe:
                return Alternatives(maybe.Item).Append([]);
            default:
                return [[node]];
        }
    }
}
