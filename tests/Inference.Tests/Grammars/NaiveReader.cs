using Tollgate.Inference.Grammars;

namespace Tollgate.Inference.Tests.Grammars;

/// <summary>
/// Reads a text by a grammar in the simplest way: every node is asked where its texts that begin at a place may end. Knows no
/// left recursion, and takes every node to have a text.
/// </summary>
internal sealed class NaiveReader(Grammar grammar, byte[] text)
{
    private readonly Dictionary<(GrammarNode, int), SortedSet<int>> _known = [];
    private bool _goesOn;

    /// <summary>Whether a text is whole, and whether it is the beginning of one.</summary>
    public static (bool Whole, bool Beginning) Read(Grammar grammar, ReadOnlySpan<byte> text)
    {
        var reader = new NaiveReader(grammar, text.ToArray());
        var ends = reader.Ends(grammar.Rules[grammar.Start], 0);
        return (ends.Contains(text.Length), reader._goesOn || ends.Contains(text.Length));
    }

    private SortedSet<int> Ends(GrammarNode node, int at)
    {
        if (_known.TryGetValue((node, at), out var ends))
        {
            return ends;
        }

        ends = Find(node, at);
        _known[(node, at)] = ends;
        return ends;
    }

    private SortedSet<int> Find(GrammarNode node, int at)
    {
        switch (node)
        {
            case GrammarNode.Literal literal:
                var rest = text.AsSpan(at);
                _goesOn |= rest.Length < literal.Bytes.Length && literal.Bytes.AsSpan().StartsWith(rest);
                return rest.StartsWith(literal.Bytes) ? [at + literal.Bytes.Length] : [];
            case GrammarNode.Language language:
                return Run(language.Dfa, at);
            case GrammarNode.Sequence sequence:
                SortedSet<int> places = [at];
                foreach (var part in sequence.Parts)
                {
                    places = [.. places.SelectMany(place => Ends(part, place))];
                }

                return places;
            case GrammarNode.Choice choice:
                return [.. choice.Options.SelectMany(option => Ends(option, at))];
            case GrammarNode.Repeat repeat:
                return Repeat(repeat, at);
            default:
                return Ends(grammar.Rules[((GrammarNode.Rule)node).Index], at);
        }
    }

    private SortedSet<int> Run(Dfa dfa, int at)
    {
        SortedSet<int> ends = [];
        var state = 0;
        for (var place = at; state >= 0; place++)
        {
            if (dfa.IsAccepting(state))
            {
                ends.Add(place);
            }

            if (place == text.Length)
            {
                _goesOn = true;
                break;
            }

            state = dfa.Next(state, text[place]);
        }

        return ends;
    }

    private SortedSet<int> Repeat(GrammarNode.Repeat repeat, int at)
    {
        SortedSet<int> ends = [];
        SortedSet<int> places = [at];
        for (var count = 0; places.Count > 0 && count <= (repeat.Most ?? int.MaxValue); count++)
        {
            if (count >= repeat.Least && !places.Any(place => !ends.Contains(place)))
            {
                break;
            }

            if (count >= repeat.Least)
            {
                ends.UnionWith(places);
            }

            if (count < (repeat.Most ?? int.MaxValue))
            {
                places = [.. places.SelectMany(place => Ends(repeat.Item, place))];
            }
        }

        return ends;
    }
}
