using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Tollgate.Contracts.Keys;
using Tollgate.Gateway.Redis;

namespace Tollgate.Gateway.Tests.Admission;

/// <summary>The table of limit kinds against the letters that the Lua scripts read.</summary>
public sealed class LimitKindTests
{
    [Fact]
    public void Every_dimension_has_its_kind() =>
        Assert.All(Enum.GetValues<RateDimension>(), dimension => Assert.Equal(dimension, RateLimitKind.For(dimension).Dimension));

    [Theory]
    [InlineData("Admission.lua")]
    [InlineData("Sweep.lua")]
    public void The_letters_of_buckets_are_those_of_the_scripts(string script)
    {
        var text = EmbeddedScript.Load(script).Text;

        var window = Regex.Match(text, @"byte\(field, (\d+)\) == (\d+) and (\d+) or (\d+)");
        var (place, letter) = (Number(window, 1), (char)Number(window, 2));

        Assert.All(RateLimitKind.Buckets, kind => Assert.Equal(
            kind.Field[place - 1] == letter ? Number(window, 3) : Number(window, 4), kind.WindowMs));
    }

    [Fact]
    public void The_letters_of_tokens_and_fields_are_those_of_the_script()
    {
        var text = EmbeddedScript.Load("Admission.lua").Text;

        var tokens = Regex.Match(text, @"return byte\(field, (\d+)\) == (\d+)\n");
        var documented = Regex.Matches(text, "^--   ([bcg]:\\S*)<subject>", RegexOptions.Multiline).Select(field => field.Groups[1].Value);

        Assert.All(
            RateLimitKind.Buckets,
            kind => Assert.Equal(kind.Field[Number(tokens, 1) - 1] == (char)Number(tokens, 2), kind.CountsTokens));
        Assert.Equal(
            LimitKinds.All.Select(kind => kind.Field).Order(StringComparer.Ordinal),
            documented.SelectMany(Expand).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("TillCredit.lua")]
    [InlineData("TillReclaim.lua")]
    public void The_letters_of_budgets_are_those_of_the_scripts(string script)
    {
        var text = EmbeddedScript.Load(script).Text;

        Assert.Contains($"string.sub(field, 1, 2) == '{BudgetKind.Daily.Field[..2]}'", text, StringComparison.Ordinal);
        Assert.Contains($"== '{BudgetKind.Daily.Letter}' and", text, StringComparison.Ordinal);
    }

    /// <summary>Every field that a pattern such as <c>b:&lt;r|t&gt;&lt;m|d&gt;:</c> stands for.</summary>
    private static IEnumerable<string> Expand(string pattern)
    {
        List<StringBuilder> fields = [new()];
        foreach (Match part in Regex.Matches(pattern, "<([^>]+)>|([^<]+)"))
        {
            var choices = part.Groups[1].Success ? part.Groups[1].Value.Split('|') : [part.Value];
            fields = [.. fields.SelectMany(field => choices.Select(choice => new StringBuilder().Append(field).Append(choice)))];
        }

        return fields.Select(field => field.ToString());
    }

    private static int Number(Match match, int group) => int.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);
}
