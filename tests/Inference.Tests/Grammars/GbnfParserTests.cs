using System.Text;
using Tollgate.Inference.Grammars;

namespace Tollgate.Inference.Tests.Grammars;

public sealed class GbnfParserTests
{
    private const string Arithmetic = """
        # llama.cpp's example
        root  ::= (expr "=" ws term "\n")+
        expr  ::= term ([-+*/] term)*
        term  ::= ident | num |
                  "(" ws expr ")" ws
        ident ::= [a-z] [a-z0-9_]* ws   # a name
        num   ::= [0-9]{1,4} ws
        ws    ::= [ \t\n]*
        """;

    [Theory]
    [InlineData("a+1=2\n", true)]
    [InlineData("((a_1 *b)+1234)= x \n1=1\n", true)]
    [InlineData("12345=1\n", false)]
    [InlineData("(a=1\n", false)]
    [InlineData("a=1", false)]
    public void Arithmetic_is_read(string text, bool whole) => Assert.Equal(whole, Accepts(Arithmetic, text));

    [Theory]
    [InlineData("root ::= \"\\x41\\u00e9\\U0001F600\\\"\"", "Aé😀\"")]
    [InlineData("root ::= [^a-c\\]]{2}", "d😀")]
    [InlineData("root ::= . \"x\"?", "é")]
    [InlineData("root ::= \"a\"{2,} \"b\"{,2}", "aaab")]
    [InlineData("root ::= | \"a\"", "")]
    [InlineData("root ::= (\n \"a\"\n | \"b\"\n)\n", "b")]
    [InlineData("root ::= root \",\" item | item\nitem ::= [0-9]+", "1,22,3")]
    [InlineData("root ::= a \"!\"\na ::= b \"x\" | \"1\"\nb ::= a \"y\" | \"2\"", "2xyx!")]
    public void Forms_of_the_language_are_read(string grammar, string text) => Assert.True(Accepts(grammar, text));

    [Theory]
    [InlineData("root ::= a", "'a'", "line 1")]
    [InlineData("root ::= \"x\"\n\na ::= b", "'b'", "line 3")]
    [InlineData("root ::= \"x", "string", "line 1")]
    [InlineData("root := \"x\"", "'::='", "line 1")]
    [InlineData("root ::= (\"x\"\n", "'('", "line 2")]
    [InlineData("root ::= [z-a]", "range", "line 1")]
    [InlineData("root ::= \"a\"{3,2}", "{3,2}", "line 1")]
    [InlineData("root ::= \"a\"\nroot ::= \"b\"", "twice", "line 2")]
    [InlineData("root ::= <think>", "tokens", "line 1")]
    [InlineData("a ::= \"b\"", "'root'", "no rule")]
    [InlineData("root ::= \"a\" root", "'root'", "never ends")]
    [InlineData("root ::= a \"x\"\na ::= (a \"y\")+ | \"z\"", "'a'", "left-recursive")]
    public void What_is_wrong_is_named(string grammar, params string[] named)
    {
        var exception = Assert.Throws<GrammarException>(() => Samples.Compile(GbnfParser.Parse(grammar, new GrammarBudget())));

        Assert.All(named, part => Assert.Contains(part, exception.Message, StringComparison.Ordinal));
    }

    private static bool Accepts(string grammar, string text) =>
        Samples.Read(Samples.Compile(GbnfParser.Parse(grammar, new GrammarBudget())), Encoding.UTF8.GetBytes(text)).Whole;
}
