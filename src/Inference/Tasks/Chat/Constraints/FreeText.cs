using System.Text;
using Tollgate.Inference.Grammars;
using Tollgate.Inference.Tools;

namespace Tollgate.Inference.Tasks.Chat.Constraints;

/// <summary>Languages of the text around what is constrained. It is free to the byte: a model may also write what is no UTF-8.</summary>
internal sealed class FreeText(GrammarBudget budget)
{
    /// <summary>Any text, a byte at least.</summary>
    private readonly Dfa _some = Bytes(least: 1, budget);

    /// <summary>JSON's white space.</summary>
    private readonly Dfa _space = Dfa.Of(RegexParser.Parse(@"[ \t\r\n]*", RegexAnchoring.Whole), budget);

    /// <summary>White space between what is written.</summary>
    public static GrammarNode Blanks { get; } = new GrammarNode.Repeat(
        new GrammarNode.Choice([new GrammarNode.Literal(" "u8.ToArray()), new GrammarNode.Literal("\n"u8.ToArray())]), 0, 4);

    /// <summary>Texts without any of the marks.</summary>
    public Dfa Without(params IEnumerable<string> marks)
    {
        var text = Everything();
        foreach (var mark in marks)
        {
            text = text.Except(Join(Everything(), Literal(mark), Everything()), budget);
        }

        return text;
    }

    /// <summary>Texts that end with the first occurrence of a mark.</summary>
    public Dfa Until(string mark)
    {
        var ends = Join(Everything(), Literal(mark));
        return ends.Except(Join(Everything(), Literal(mark), new GrammarNode.Language(_some)), budget);
    }

    /// <summary>Texts whose first character that is no white space is no brace, and that have no mark.</summary>
    public Dfa WithoutBrace(string mark) =>
        Without(mark).Intersect(Dfa.Of(RegexParser.Parse(@"\s*([^\s\{][\s\S]*)?", RegexAnchoring.Whole), budget), budget);

    /// <summary>Beginnings of objects that can be nothing but a call of one of the functions, up to the colon before its arguments: what
    /// <see cref="CallObject.IsCertain"/> finds.</summary>
    public Dfa CertainCall(params IEnumerable<string> functions)
    {
        var space = new GrammarNode.Language(_space);
        return Dfa.OfBytes(
            new GrammarNode.Sequence(
                [space, Literal("{"), space, Literal("\"name\""), space, Literal(":"), space, Literal("\""),
                    new GrammarNode.Choice([.. functions.Select(Literal)]), Literal("\""), space, Literal(","), space,
                    new GrammarNode.Choice([.. CallSyntax.ArgumentsKeys.Select(key => Literal($"\"{key}\""))]), space, Literal(":")]),
            budget);
    }

    /// <summary>Texts that do not begin with such an object.</summary>
    public Dfa WithoutCertainCall(IEnumerable<string> functions) =>
        Everything().Except(Join(CertainCall(functions), new GrammarNode.Language(Everything())), budget);

    private Dfa Everything() => Bytes(least: 0, budget);

    private static Dfa Bytes(int least, GrammarBudget budget)
    {
        var nfa = new Nfa(budget);
        var (start, end) = (nfa.AddState(), nfa.AddState());
        nfa.AddBytes(start, 0, byte.MaxValue, end);
        nfa.AddBytes(end, 0, byte.MaxValue, end);
        if (least == 0)
        {
            nfa.AddEmpty(start, end);
        }

        return Dfa.Of(nfa, start, end, budget);
    }

    private static GrammarNode.Literal Literal(string text) => new(Encoding.UTF8.GetBytes(text));

    private Dfa Join(Dfa first, params IEnumerable<GrammarNode> parts) =>
        Dfa.OfBytes(new GrammarNode.Sequence([new GrammarNode.Language(first), .. parts]), budget);

    private Dfa Join(Dfa first, GrammarNode second, Dfa third) => Join(first, second, new GrammarNode.Language(third));
}
