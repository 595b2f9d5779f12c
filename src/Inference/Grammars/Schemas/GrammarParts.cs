using System.Text;

namespace Tollgate.Inference.Grammars.Schemas;

/// <summary>Small parts of a JSON grammar. Between values stands one space or none: no answer can stall in white space.</summary>
internal static class GrammarParts
{
    /// <summary>Nothing: a choice without an option.</summary>
    public static readonly GrammarNode Nothing = new GrammarNode.Choice([]);

    public static readonly GrammarNode Empty = new GrammarNode.Sequence([]);

    public static readonly GrammarNode Space = Maybe(Text(" "));

    public static readonly GrammarNode Comma = Sequence(Text(","), Space);

    public static readonly GrammarNode Colon = Sequence(Text(":"), Space);

    public static GrammarNode Text(string text) => new GrammarNode.Literal(Encoding.UTF8.GetBytes(text));

    public static GrammarNode Sequence(params IReadOnlyList<GrammarNode> parts) =>
        parts.Count == 1 ? parts[0] : new GrammarNode.Sequence(parts);

    public static GrammarNode Choice(params IReadOnlyList<GrammarNode> options) =>
        options.Count == 1 ? options[0] : new GrammarNode.Choice(options);

    public static GrammarNode Maybe(GrammarNode node) => new GrammarNode.Repeat(node, 0, 1);

    /// <summary>The item several times, with commas between.</summary>
    /// <param name="most">Null is without an upper bound.</param>
    public static GrammarNode Separated(GrammarNode item, int least, int? most)
    {
        if (most < least)
        {
            return Nothing;
        }

        if (most == 0)
        {
            return Empty;
        }

        var several = Sequence(item, new GrammarNode.Repeat(Sequence(Comma, item), Math.Max(0, least - 1), most - 1));
        return least == 0 ? Maybe(several) : several;
    }

    /// <summary>The same node with its references to rules moved.</summary>
    public static GrammarNode Move(GrammarNode node, int by) => node switch
    {
        GrammarNode.Sequence sequence => new GrammarNode.Sequence([.. sequence.Parts.Select(part => Move(part, by))]),
        GrammarNode.Choice choice => new GrammarNode.Choice([.. choice.Options.Select(option => Move(option, by))]),
        GrammarNode.Repeat repeat => repeat with { Item = Move(repeat.Item, by) },
        GrammarNode.Rule rule => new GrammarNode.Rule(rule.Index + by),
        _ => node,
    };
}
