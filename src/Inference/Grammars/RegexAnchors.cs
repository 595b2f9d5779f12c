namespace Tollgate.Inference.Grammars;

/// <summary>
/// Removes <c>^</c> and <c>$</c>. A node's texts depend on whether a character stands before it and after it in the whole text: an anchor
/// holds only where none does. So each node is asked apart for the empty text and for the others.
/// </summary>
internal sealed class RegexAnchors
{
    /// <summary>A counted group with an anchor is written out up to this count.</summary>
    private const int MostWrittenOut = 16;

    /// <summary>An anchor in the middle doubles parts; more nodes than this are refused.</summary>
    private const int MostNodes = 100_000;

    private static readonly RegexNode Everything = new RegexNode.Repeat(CodePoints.All, 0, null);
    private readonly Dictionary<RegexNode, bool> _anchored = new(ReferenceEqualityComparer.Instance);
    private int _nodes;

    private RegexAnchors()
    {
    }

    /// <summary>The same language without anchors; in a search, with what may stand around the pattern.</summary>
    public static RegexNode Remove(RegexNode node, RegexAnchoring anchoring)
    {
        var anchors = new RegexAnchors();
        if (anchoring == RegexAnchoring.Search)
        {
            node = new RegexNode.Sequence([Everything, node, Everything]);
        }

        if (!anchors.Has(node))
        {
            return node;
        }

        var empty = TakesEmpty(node, before: false, after: false);
        var rest = anchors.NotEmpty(node, before: false, after: false);
        return (empty, rest) switch
        {
            (false, null) => new RegexNode.CharSet([]),
            (false, _) => rest,
            (true, null) => new RegexNode.Empty(),
            (true, _) => new RegexNode.Choice([new RegexNode.Empty(), rest]),
        };
    }

    /// <summary>Whether the node may be the empty text.</summary>
    /// <param name="before">Whether characters stand before it.</param>
    /// <param name="after">Whether characters stand after it.</param>
    private static bool TakesEmpty(RegexNode node, bool before, bool after)
    {
        GrammarBudget.CheckDepth();
        return node switch
        {
            Anchor anchor => anchor.AtStart ? !before : !after,
            RegexNode.Empty => true,
            RegexNode.CharSet => false,
            RegexNode.Sequence sequence => sequence.Parts.All(part => TakesEmpty(part, before, after)),
            RegexNode.Choice choice => choice.Options.Any(option => TakesEmpty(option, before, after)),
            RegexNode.Repeat repeat => repeat.Least == 0 || TakesEmpty(repeat.Item, before, after),
            _ => throw new ArgumentException($"{node.GetType().Name} is no regular expression.", nameof(node)),
        };
    }

    /// <summary>The node's texts of one character or more; null where it has none.</summary>
    private RegexNode? NotEmpty(RegexNode node, bool before, bool after)
    {
        GrammarBudget.CheckDepth();
        if (++_nodes > MostNodes)
        {
            throw new GrammarTooLargeException("The regular expression has '^' or '$' inside parts that become too large without them.");
        }

        if (!Has(node) && !TakesEmpty(node, before: true, after: true))
        {
            return node;
        }

        return node switch
        {
            Anchor or RegexNode.Empty => null,
            RegexNode.CharSet => node,
            RegexNode.Sequence sequence => OfSequence(sequence.Parts, 0, before, after),
            RegexNode.Choice choice => Either(choice.Options.Select(option => NotEmpty(option, before, after))),
            RegexNode.Repeat repeat => OfRepeat(repeat, before, after),
            _ => throw new ArgumentException($"{node.GetType().Name} is no regular expression.", nameof(node)),
        };
    }

    private RegexNode? OfSequence(IReadOnlyList<RegexNode> parts, int at, bool before, bool after)
    {
        GrammarBudget.CheckDepth();
        if (at == parts.Count - 1)
        {
            return NotEmpty(parts[at], before, after);
        }

        if (at >= parts.Count)
        {
            return null;
        }

        var (head, tail) = (parts[at], new RegexNode.Sequence([.. parts.Skip(at + 1)]));
        List<RegexNode?> options = [];
        var rest = OfSequence(parts, at + 1, before: true, after);
        var first = rest is null ? null : NotEmpty(head, before, after: true);
        if (TakesEmpty(head, before, after: true))
        {
            // The same tail for both, where it does not matter to the tail which of them it is: it would double with each part.
            first = before && first is not null ? new RegexNode.Choice([new RegexNode.Empty(), first]) : first;
            options.Add(!before ? OfSequence(parts, at + 1, before, after) : first is null ? rest : null);
        }

        if (first is not null)
        {
            options.Add(new RegexNode.Sequence([first, rest!]));
        }

        if (TakesEmpty(tail, before: true, after))
        {
            options.Add(NotEmpty(head, before, after));
        }

        return Either(options);
    }

    private RegexNode? OfRepeat(RegexNode.Repeat repeat, bool before, bool after)
    {
        if (!Has(repeat.Item))
        {
            var item = NotEmpty(repeat.Item, before: true, after: true);
            var least = TakesEmpty(repeat.Item, before: true, after: true) ? 1 : Math.Max(1, repeat.Least);
            return item is null || repeat.Most == 0 ? null : new RegexNode.Repeat(item, least, repeat.Most);
        }

        if (repeat.Least > MostWrittenOut || repeat.Most > MostWrittenOut)
        {
            throw new GrammarException(
                $"The regular expression has '^' or '$' in a group that is repeated more than {MostWrittenOut} times: not supported.");
        }

        List<RegexNode> parts = [.. Enumerable.Repeat(repeat.Item, repeat.Least)];
        if (repeat.Most is { } most)
        {
            var maybe = new RegexNode.Choice([new RegexNode.Empty(), repeat.Item]);
            parts.AddRange(Enumerable.Repeat(maybe, most - repeat.Least));
            return OfSequence(parts, 0, before, after);
        }

        // The first and the last time apart: only they can touch an end of the text.
        var inner = NotEmpty(repeat.Item, before: true, after: true);
        RegexNode middle = inner is null ? new RegexNode.Empty() : new RegexNode.Repeat(inner, 0, null);
        RegexNode once = new RegexNode.Choice([new RegexNode.Empty(), repeat.Item]);
        parts.AddRange([once, middle, once]);
        return OfSequence(parts, 0, before, after);
    }

    private bool Has(RegexNode node)
    {
        GrammarBudget.CheckDepth();
        if (node is RegexNode.CharSet or RegexNode.Empty)
        {
            return false;
        }

        if (!_anchored.TryGetValue(node, out var has))
        {
            has = node switch
            {
                Anchor => true,
                RegexNode.Sequence sequence => sequence.Parts.Any(Has),
                RegexNode.Choice choice => choice.Options.Any(Has),
                RegexNode.Repeat repeat => Has(repeat.Item),
                _ => false,
            };
            _anchored.Add(node, has);
        }

        return has;
    }

    private static RegexNode? Either(IEnumerable<RegexNode?> options)
    {
        var some = options.OfType<RegexNode>().ToArray();
        return some.Length switch { 0 => null, 1 => some[0], _ => new RegexNode.Choice(some) };
    }

    /// <summary>The assertion <c>^</c> or <c>$</c>.</summary>
    internal sealed record Anchor(bool AtStart) : RegexNode;
}
