namespace Tollgate.Inference.Grammars;

/// <summary>Writes a part of a grammar into a nondeterministic automaton.</summary>
/// <param name="rules">The rules that the part may refer to.</param>
/// <param name="callOf">The automaton that is called for a node, or -1 for a node that is written out.</param>
internal sealed class GrammarStates(Nfa nfa, IReadOnlyList<GrammarNode> rules, Func<GrammarNode, int> callOf)
{
    /// <summary>What <c>callOf</c> returns for a node that is written out.</summary>
    public const int WrittenOut = -1;

    /// <summary>Adds the texts of a node as ways from one state to another.</summary>
    public void Add(GrammarNode node, int from, int to)
    {
        GrammarBudget.CheckDepth();
        var call = callOf(node);
        if (call != WrittenOut)
        {
            nfa.AddCall(from, call, to);
            return;
        }

        switch (node)
        {
            case GrammarNode.Literal literal:
                foreach (var value in literal.Bytes)
                {
                    var next = nfa.AddState();
                    nfa.AddBytes(from, value, value, next);
                    from = next;
                }

                nfa.AddEmpty(from, to);
                break;
            case GrammarNode.Language language:
                nfa.AddDfa(language.Dfa, from, to);
                break;
            case GrammarNode.Sequence sequence:
                foreach (var part in sequence.Parts)
                {
                    var next = nfa.AddState();
                    Add(part, from, next);
                    from = next;
                }

                nfa.AddEmpty(from, to);
                break;
            case GrammarNode.Choice choice:
                foreach (var option in choice.Options)
                {
                    Add(option, from, to);
                }

                break;
            case GrammarNode.Repeat repeat:
                Repetition.Add(nfa, repeat.Least, repeat.Most, from, to, (begin, end) => Add(repeat.Item, begin, end));
                break;
            case GrammarNode.Rule rule:
                Add(rules[rule.Index], from, to);
                break;
            default:
                throw new ArgumentException($"{node.GetType().Name} is no part of a grammar.", nameof(node));
        }
    }
}
