using System.Text;
using Tollgate.Inference.Grammars;

namespace Tollgate.Inference.Tests.Grammars;

public sealed class LarkParserTests
{
    private const string Arithmetic = """
        // sums with names
        start: expr
        ?expr: expr "+" term -> add
             | expr "-" term
             | term
        term: NUMBER | "(" expr ")" | "let"i NAME~1..2
        NAME.2: /[a-z]+/
        %import common.NUMBER
        %import common.WS
        %ignore WS
        """;

    [Theory]
    [InlineData("1+2-3.5e3+4", true)]
    [InlineData(" ( 1 +\n2 ) - LeT foo bar ", true)]
    [InlineData("1+", false)]
    [InlineData("let", false)]
    [InlineData("1 2", false)]
    public void Sums_are_read(string text, bool whole) => Assert.Equal(whole, Accepts(Arithmetic, text));

    [Theory]
    [InlineData("start: \"a\"..\"f\"~2..3 [\"!\"]", "cab!")]
    [InlineData("start: /a\\/b|[c-e]+/u", "a/b")]
    [InlineData("start: S\n%import common.ESCAPED_STRING -> S", "\"a\\\"b\"")]
    [InlineData("start: (WORD | \"é\"i)+\n%import common.WORD", "abÉ")]
    [InlineData("start: x\nx: \"(\" x \")\" | A?\nA: B C\nB: \"b\"\nC: \"c\"", "((bc))")]
    [InlineData("# python\nstart: \"a\"\n    | \"b\" // second\n", "b")]
    public void Forms_of_the_language_are_read(string grammar, string text) => Assert.True(Accepts(grammar, text));

    [Theory]
    [InlineData("start: a", "'a'", "line 1")]
    [InlineData("start: \"x\"\nA: b", "inside a terminal", "line 2")]
    [InlineData("start: A\nA: \"x\" A | \"y\"", "'A'", "refers to itself")]
    [InlineData("start: /a(?=b)/", "look-ahead", "line 1")]
    [InlineData("start: /a/i", "flags 'i'", "line 1")]
    [InlineData("start: \"x\"\n%import python.NAME", "'common'", "line 2")]
    [InlineData("start: WS\n%import common (WS)", "import", "line 2")]
    [InlineData("start: \"x\"\n%import common.NAMES", "common.NAMES", "line 2")]
    [InlineData("start: \"x\"\n%declare A", "%declare", "line 2")]
    [InlineData("start: t{\"x\"}", "template", "line 1")]
    [InlineData("begin: \"x\"", "'start'", "no rule")]
    [InlineData("start: (\"x\"", "'('", "line 1")]
    [InlineData("start: \"x\"~3..2", "~3..2", "line 1")]
    public void What_is_wrong_is_named(string grammar, params string[] named)
    {
        var exception = Assert.Throws<GrammarException>(() => Samples.Compile(LarkParser.Parse(grammar, new GrammarBudget())));

        Assert.All(named, part => Assert.Contains(part, exception.Message, StringComparison.Ordinal));
    }

    private static bool Accepts(string grammar, string text) =>
        Samples.Read(Samples.Compile(LarkParser.Parse(grammar, new GrammarBudget())), Encoding.UTF8.GetBytes(text)).Whole;
}
