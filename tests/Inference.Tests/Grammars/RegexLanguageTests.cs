using System.Text;
using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;
using Tollgate.Inference.Grammars;

namespace Tollgate.Inference.Tests.Grammars;

public sealed class RegexLanguageTests
{
    private static readonly string[] Atoms =
    [
        "a", "b", "c", "é", "€", ".", "[ab]", "[^a]", "[b-é]", "\\d", "\\w", "\\W", "[^\\d€]", "\\x61", "\\u00e9", "\\.",
        "[\\]a-]", "(?:b|)", "\\p{L}", "\\P{Lu}", "[\\p{Nd}c]",
    ];

    private static readonly string[] Quantifiers = ["", "", "", "*", "+", "?", "*?", "+?", "{2}", "{1,3}", "{0,2}?", "{2,}"];

    [Fact]
    public void Random_patterns_have_the_language_that_they_have_in_dotnet()
    {
        var pairs =
            from pattern in Patterns(2)
            from texts in Texts().ArrayOf(30)
            select (pattern, texts);
        var property = Prop.ForAll(pairs.ToArbitrary(), pair => Agrees(pair.pattern, pair.texts));

        Check.One(Config.QuickThrowOnFailure.WithMaxTest(600).WithEndSize(20).WithQuietOnSuccess(true), property);
    }

    [Theory]
    [InlineData("^a|b$", "ax", "xb", "b")]
    [InlineData("(^|,)a(,|$)", "a", "b,a", "a,b", "x,a,y")]
    [InlineData("^(?<year>\\d{4})-(?<month>0[1-9]|1[0-2])$", "2026-11")]
    [InlineData("😀{2}", "😀😀")]
    [InlineData("^[😀-😎]$", "😁")]
    [InlineData("^[^a]$", "😀", "b")]
    [InlineData("^\\u{1F600}\\uD83D\\uDE00$", "😀😀")]
    [InlineData("^\\cA\\t\\0$", "\u0001\t\0")]
    [InlineData("^a{,2}$", "a{,2}")]
    [InlineData("^\\s$", "\u00a0", "\ufeff", "\u2028", " ")]
    [InlineData("^\\p{Letter}\\p{gc=Lu}$", "éA")]
    [InlineData("^$", "")]
    [InlineData("a(b$|c)", "xab", "acx")]
    public void Search_finds_what_ecma_finds(string pattern, params string[] texts)
    {
        var dfa = Dfa.Of(RegexParser.Parse(pattern, RegexAnchoring.Search), new GrammarBudget());

        Assert.All(texts, text => Assert.True(dfa.Accepts(Encoding.UTF8.GetBytes(text)), text));
    }

    [Theory]
    [InlineData("^a$", "ab", "ba", "")]
    [InlineData("a^b", "ab", "a^b")]
    [InlineData("^.$", "\n", "\u2028", "ab")]
    [InlineData("^\\w$", "é", "-")]
    [InlineData("^a{2,3}$", "a", "aaaa")]
    [InlineData("(^a|b)c", "xac")]
    public void Search_does_not_find_what_ecma_does_not(string pattern, params string[] texts)
    {
        var dfa = Dfa.Of(RegexParser.Parse(pattern, RegexAnchoring.Search), new GrammarBudget());

        Assert.All(texts, text => Assert.False(dfa.Accepts(Encoding.UTF8.GetBytes(text)), text));
    }

    [Fact]
    public void Whole_is_the_same_language_with_and_without_anchors()
    {
        var budget = new GrammarBudget();

        var bare = Dfa.Of(RegexParser.Parse("(ab|c)*", RegexAnchoring.Whole), budget);
        var anchored = Dfa.Of(RegexParser.Parse("^(ab|c)*$", RegexAnchoring.Whole), budget);

        Assert.True(bare.Except(anchored, budget).IsEmpty);
        Assert.True(anchored.Except(bare, budget).IsEmpty);
    }

    [Theory]
    [InlineData("(a)\\1", "back reference")]
    [InlineData("(?<n>a)\\k<n>", "back reference")]
    [InlineData("a(?=b)", "look-ahead")]
    [InlineData("a(?!b)", "look-ahead")]
    [InlineData("(?<=a)b", "look-behind")]
    [InlineData("(?<!a)b", "look-behind")]
    [InlineData("\\bfoo", "\\b")]
    [InlineData("\\Bfoo", "\\B")]
    [InlineData("(?i)a", "flags")]
    [InlineData("\\p{Script=Greek}", "Script=Greek")]
    [InlineData("(a", "'('")]
    [InlineData("a)", "')'")]
    [InlineData("[a", "'['")]
    [InlineData("*a", "'*'")]
    [InlineData("a**", "quantifier")]
    [InlineData("a{3,2}", "{3,2}")]
    [InlineData("[z-a]", "range")]
    [InlineData("\\", "backslash")]
    [InlineData("\\xZ1", "hexadecimal")]
    [InlineData("a{9999999}", "count")]
    public void What_is_not_regular_or_not_an_expression_is_refused_by_name(string pattern, string named)
    {
        var exception = Assert.Throws<GrammarException>(() => RegexParser.Parse(pattern, RegexAnchoring.Search));

        Assert.Contains(named, exception.Message, StringComparison.Ordinal);
    }

    private static bool Agrees(string pattern, string[] texts)
    {
        Dfa search;
        Dfa whole;
        try
        {
            search = Dfa.Of(RegexParser.Parse(pattern, RegexAnchoring.Search), new GrammarBudget { States = 5_000 });
            whole = Dfa.Of(RegexParser.Parse(pattern, RegexAnchoring.Whole), new GrammarBudget { States = 5_000 });
        }
        catch (GrammarTooLargeException)
        {
            return true; // Some random patterns have no small automaton.
        }

        var dotnet = Plain(pattern);
        foreach (var text in texts)
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            Assert.True(Matches(dotnet) == search.Accepts(bytes), $"search {pattern} in '{text}'");
            Assert.True(Matches($"\\A(?:{dotnet})\\z") == whole.Accepts(bytes), $"whole {pattern} on '{text}'");

            // By automata too: .NET's search by trial finds texts that a lazy group of empty texts does not have.
            bool Matches(string expression) =>
                Regex.IsMatch(text, expression, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);
        }

        return true;
    }

    /// <summary>The pattern as .NET means it: its classes are Unicode's, and its <c>$</c> stands before a last line end too.</summary>
    private static string Plain(string pattern) => pattern
        .Replace("[^\\d€]", "[^0-9€]", StringComparison.Ordinal)
        .Replace("\\d", "[0-9]", StringComparison.Ordinal)
        .Replace("\\w", "[A-Za-z0-9_]", StringComparison.Ordinal)
        .Replace("\\W", "[^A-Za-z0-9_]", StringComparison.Ordinal)
        .Replace("$", "\\z", StringComparison.Ordinal);

    private static Gen<string> Patterns(int depth)
    {
        var atom = Gen.Elements(Atoms);
        if (depth == 0)
        {
            return atom;
        }

        var inner = Patterns(depth - 1);
        var quantified =
            from item in Gen.OneOf(atom, inner.Select(pattern => $"({pattern})"))
            from quantifier in Gen.Elements(Quantifiers)
            select item + quantifier;
        var sequence = quantified.ArrayOf(3).Select(parts => string.Concat(parts));
        return Gen.Frequency(
            (4, sequence),
            (2, from one in sequence from other in inner select $"{one}|{other}"),
            (1, sequence.Select(pattern => $"^{pattern}")),
            (1, sequence.Select(pattern => $"{pattern}$")),
            (1, sequence.Select(pattern => $"^{pattern}$")),
            (1, from one in inner from other in inner select $"({one}|^){other}(?:$|b)"));
    }

    private static Gen<string> Texts() =>
        Gen.Elements("a", "b", "c", "é", "€", "1", "7", "_", "-", "]", ".", "A", "Z", " ", "").ListOf()
            .Select(parts => string.Concat(parts.Take(8)));
}
