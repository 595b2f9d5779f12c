using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Tollgate.Inference.Grammars;

namespace Tollgate.Inference.Tests.Grammars;

public sealed class DfaTests
{
    private static readonly string[] Patterns = ["(ab|c)*", "a.*", ".*b", "[^c]+", "(a|é){2,4}", "", "abc|ab|a", "[a-c€]*é?"];

    [Fact]
    public void Operations_are_those_of_sets()
    {
        var cases =
            from one in Gen.Elements(Patterns)
            from other in Gen.Elements(Patterns)
            from texts in Gen.Elements("a", "b", "c", "é", "€").ListOf().Select(parts => string.Concat(parts)).ArrayOf(20)
            select (one, other, texts);
        var property = Prop.ForAll(cases.ToArbitrary(), pick =>
        {
            var budget = new GrammarBudget();
            var (one, other) = (Of(pick.one), Of(pick.other));
            var (both, rest, either) = (one.Intersect(other, budget), one.Except(other, budget), one.Union(other, budget));
            return pick.texts.Select(Encoding.UTF8.GetBytes).All(text =>
                both.Accepts(text) == (one.Accepts(text) && other.Accepts(text))
                && rest.Accepts(text) == (one.Accepts(text) && !other.Accepts(text))
                && either.Accepts(text) == (one.Accepts(text) || other.Accepts(text)));
        });

        Check.One(Config.QuickThrowOnFailure.WithMaxTest(200).WithQuietOnSuccess(true), property);
    }

    [Fact]
    public void An_automaton_is_minimal_and_the_same_for_the_same_language()
    {
        Assert.True(Of("(a|b)*").IsSame(Of("(b*a*)*")));
        Assert.True(Of("aa*").IsSame(Of("a+")));
        Assert.Equal(1, Of("(a|b)*").Count);
        Assert.Equal(3, Of("ab|bb").Count);
        Assert.Equal(8, Dfa.Of(new RegexNode.Repeat(CodePoints.All, 0, null), new GrammarBudget()).Count); // The states of valid UTF-8.
    }

    [Fact]
    public void An_empty_language_has_no_text()
    {
        var budget = new GrammarBudget();
        var empty = Of("a").Intersect(Of("b"), budget);

        Assert.True(empty.IsEmpty);
        Assert.False(empty.Accepts([]));
        Assert.False(Of("").IsEmpty);
        Assert.True(Of("").AcceptsEmpty);
    }

    [Fact]
    public void Half_characters_and_surrogates_are_in_no_language_of_code_points()
    {
        var any = Dfa.Of(new RegexNode.Repeat(CodePoints.All, 0, null), new GrammarBudget());

        Assert.True(any.Accepts("aé€😀"u8));
        Assert.False(any.Accepts([0xC3]));
        Assert.False(any.Accepts([0xED, 0xA0, 0x80])); // U+D800
        Assert.False(any.Accepts([0xC0, 0x80])); // Overlong.
        Assert.False(any.Accepts([0xF4, 0x90, 0x80, 0x80])); // Above U+10FFFF.
    }

    private static Dfa Of(string pattern) => Dfa.Of(RegexParser.Parse(pattern, RegexAnchoring.Whole), new GrammarBudget());
}
