using System.Text;
using Tollgate.Inference.Grammars;

namespace Tollgate.Inference.Tests.Grammars;

/// <summary>What is written to cost much is compiled within the budget, or refused with the name of the bound.</summary>
public sealed class AdversarialTests
{
    public static TheoryData<string> Patterns { get; } =
    [
        "(a*)*", "((a*)*)*b", "(a|a)*", "(a|a|a|a)*c", "(a|aa)*$", "(a+)+$", "((a+)+)+b",
        "(.*)*x", "(.*a){20}", ".*a.{20}", "(a|b)*a(a|b){18}",
        "(.*)(.*)(.*)(.*)(.*)(.*)", "(a{1000}){1000}", "((a{100}){100}){100}",
        "((((a?){50}){50}){50}){50}", "(x+x+)+y", "(\\w+\\s?)*$", "[\\s\\S]{0,100000}",
        "(a{0,1000}){0,1000}", "^(([a-z])+.)+[A-Z]([a-z])+$",
        "(a?){500}a{500}", "(\\p{L}|\\p{N}){2000}", "(\\p{L}*\\p{M}*){300}", new string('(', 5_000) + "a" + new string(')', 5_000),
        new string('(', 100_000), string.Join('|', Enumerable.Range(0, 20_000).Select(i => $"word{i * 7919}")),
        string.Concat(Enumerable.Repeat("(a|b|c|d|e|f|g)?", 2_000)), "(^a|b$|c)*(^|x)*d", "(^|a){16}(b|$){16}", "[^\\x00-\\u{10FFFF}]",
    ];

    [Theory]
    [MemberData(nameof(Patterns))]
    public void A_pattern_is_compiled_within_the_budget_or_refused(string pattern)
    {
        var budget = new GrammarBudget();
        try
        {
            var dfa = Dfa.Of(RegexParser.Parse(pattern, RegexAnchoring.Search), budget);

            Assert.InRange(dfa.Count, 1, budget.States);
        }
        catch (GrammarException exception)
        {
            Assert.NotEmpty(exception.Message);
        }
        catch (GrammarTooLargeException exception)
        {
            Assert.NotEmpty(exception.Message);
        }
    }

    public static TheoryData<string> Grammars { get; } =
    [
        "root ::= root root | \"a\"",
        "root ::= \"a\" root \"a\" | root \"b\" | \"\"",
        "root ::= (\"a\"* \"a\"*)* \"b\"",
        "root ::= ((\"a\"{0,1000}){0,1000}){0,1000}",
        "root ::= x{1000,2000}\nx ::= (\"a\" | \"b\" x \"c\"){1000,2000}",
        "root ::= " + new string('(', 50_000) + "\"a\"" + new string(')', 50_000),
        "root ::= a\n" + string.Concat(Enumerable.Range(0, 4_000).Select(i => $"a{i} ::= \"x\" a{i + 1}\n")) + "a4000 ::= \"y\"\na ::= a0",
        "root ::= a0\n" + string.Concat(Enumerable.Range(0, 40).Select(i => $"a{i} ::= a{i + 1} a{i + 1}\n")) + "a40 ::= \"y\"",
        "root ::= a b\na ::= b \"x\" | \"1\"\nb ::= a \"y\" | \"2\"",
        "root ::= " + string.Join(" | ", Enumerable.Range(0, 5_000).Select(i => $"\"k{i}\" root")) + " | \"\"",
    ];

    [Theory]
    [MemberData(nameof(Grammars))]
    public void A_grammar_is_compiled_within_the_budget_or_refused_and_its_masks_are_bounded(string source)
    {
        var budget = new GrammarBudget();
        try
        {
            var compiled = CompiledGrammar.Compile(GbnfParser.Parse(source, budget), budget);
            var walk = new Walk(compiled, Samples.Vocabulary(seed: 8, size: 600), tokens: 400, seed: 1);
            for (var step = 0; step < 300 && !walk.IsWhole && walk.Left > 0; step++)
            {
                walk.Take(walk.Allowed());
            }

            Assert.InRange(compiled.States, 1, budget.States + 1_000);
        }
        catch (GrammarException exception)
        {
            Assert.NotEmpty(exception.Message);
        }
        catch (GrammarTooLargeException exception)
        {
            Assert.NotEmpty(exception.Message);
        }
    }

    [Fact]
    public void Each_bound_is_named()
    {
        var states = Assert.Throws<GrammarTooLargeException>(
            () => Dfa.Of(RegexParser.Parse("(a|b)*a(a|b){18}", RegexAnchoring.Whole), new GrammarBudget { States = 1_000 }));
        var nodes = Assert.Throws<GrammarTooLargeException>(
            () => Dfa.Of(RegexParser.Parse("((a{100}){100}){100}", RegexAnchoring.Whole), new GrammarBudget()));
        var source = Assert.Throws<GrammarTooLargeException>(
            () => GbnfParser.Parse(new string('#', 300_000), new GrammarBudget()));
        var time = Assert.Throws<GrammarTooLargeException>(
            () => Dfa.Of(RegexParser.Parse("(.*a){15}", RegexAnchoring.Whole), new GrammarBudget { Time = TimeSpan.Zero }));

        Assert.Contains("1,000 states", states.Message, StringComparison.Ordinal);
        Assert.Contains("1,000,000 nodes", nodes.Message, StringComparison.Ordinal);
        Assert.Contains("262,144 are compiled", source.Message, StringComparison.Ordinal);
        Assert.Contains("longer than 0 s", time.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_ambiguous_grammar_ends_its_generation_with_an_error()
    {
        var compiled = Samples.Compile(new Grammar([
            Samples.Sequence(Samples.Text("a"), new GrammarNode.Repeat(new GrammarNode.Rule(0), 0, null), new GrammarNode.Rule(1)),
            new GrammarNode.Choice([Samples.Text(""), Samples.Text("b")]),
        ]));
        var stepper = new Stepper(compiled);

        var exception = Assert.Throws<GrammarException>(
            () => stepper.After(stepper.Begin(), Encoding.UTF8.GetBytes(new string('a', 1_000))));

        Assert.Contains("ambiguous", exception.Message, StringComparison.Ordinal);
    }
}
