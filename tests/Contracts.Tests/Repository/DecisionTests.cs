using System.Globalization;
using System.Text.RegularExpressions;
using Tollgate.Testing;

namespace Tollgate.Contracts.Tests.Repository;

/// <summary>The records in <c>docs/decisions</c> have one form and consecutive numbers.</summary>
public sealed partial class DecisionTests
{
    private const string Costs = "Costs.";

    private const string Sample =
        """
        # 3 · Ask twice

        2026-11-29 · accepted

        **Context.** One answer may be wrong.

        **Choice.** Ask twice.

        **Alternatives.** *Ask once*: the state before.

        **What was measured.** Nothing: no run asks twice.

        **Costs.** One call.

        **What would change our mind.** Answers that are always right.

        """;

    /// <summary>Names of the paragraphs in their order. Only costs may be absent.</summary>
    private static readonly string[] Paragraphs =
        ["Context.", "Choice.", "Alternatives.", "What was measured.", Costs, "What would change our mind."];

    private static readonly string[] WithoutCosts = [.. Paragraphs.Where(name => name != Costs)];

    [Fact]
    public void Numbers_have_no_gap_and_no_double()
    {
        var numbers = ReadRecords().Select(record => record.Name.Split('-')[0]).Order(StringComparer.Ordinal).ToList();

        var expected = Enumerable.Range(1, numbers.Count).Select(number => number.ToString("0000", CultureInfo.InvariantCulture)).ToList();
        Assert.NotEmpty(numbers);
        Assert.Equal(expected, numbers);
    }

    [Fact]
    public void Every_record_has_the_form()
    {
        var faults = ReadRecords().SelectMany(record => FindFaults(record.Name, record.Text), (record, fault) => $"{record.Name}: {fault}");

        Assert.Empty(faults.ToList());
    }

    [Fact]
    public void A_superseded_record_and_its_successor_name_each_other()
    {
        var headers = ReadRecords().Select(record => (record.Name, Match: Header().Match(record.Text))).ToList();

        var superseded = headers.Where(header => header.Match.Groups["successor"].Success)
            .Select(header => $"{header.Name} by {header.Match.Groups["successor"].Value}").Order(StringComparer.Ordinal).ToList();
        var replaced = headers.Where(header => header.Match.Groups["replaced"].Success)
            .Select(header => $"{header.Match.Groups["replaced"].Value} by {header.Name}").Order(StringComparer.Ordinal).ToList();
        Assert.Equal(superseded, replaced);
    }

    [Theory]
    [InlineData("Ask twice.", "Ask three times.", true)]
    [InlineData("accepted", "superseded by [17](0017-title.md)", true)]
    [InlineData("accepted", "accepted · replaces [1](0001-title.md)", true)]
    [InlineData("**Costs.** One call.\n\n", "", true)]
    [InlineData("# 3 · Ask", "# 3. Ask", false)]
    [InlineData("# 3 · Ask", "# 4 · Ask", false)] // The file's number is 3.
    [InlineData("2026-11-29", "29 November 2026", false)]
    [InlineData("2026-11-29", "2026-02-30", false)]
    [InlineData("accepted", "decided", false)]
    [InlineData("accepted", "superseded by [17](0018-title.md)", false)]
    [InlineData("**Choice.** Ask twice.\n\n", "", false)]
    [InlineData("**Choice.**", "**Decided:**", false)]
    [InlineData("**Costs.**", "**Choice.**", false)]
    [InlineData("Nothing: no run asks twice.", "", false)]
    public void A_record_is_judged_by_its_form(string was, string becomes, bool hasForm)
    {
        var text = Sample.Replace(was, becomes, StringComparison.Ordinal);

        var faults = FindFaults("0003-ask-twice.md", text).ToList();

        Assert.NotEqual(Sample, text);
        Assert.Equal(hasForm, faults.Count == 0);
    }

    private static IEnumerable<(string Name, string Text)> ReadRecords() =>
        Directory.EnumerateFiles(Path.Combine(SharedFiles.Repository, "docs", "decisions"))
            .Select(file => (Path.GetFileName(file), File.ReadAllText(file)));

    private static IEnumerable<string> FindFaults(string name, string text)
    {
        if (!FileName().IsMatch(name))
        {
            yield return "The file's name is not 'NNNN-title.md'.";
        }

        var header = Header().Match(text);
        if (!header.Success)
        {
            yield return "It does not start with '# N · Title', a line of date and status, and a paragraph: see the newest record.";
            yield break;
        }

        if (header.Groups["number"].Value != name.Split('-')[0].TrimStart('0'))
        {
            yield return "The heading's number is not the file's.";
        }

        if (!DateOnly.TryParseExact(
            header.Groups["date"].Value, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _))
        {
            yield return $"{header.Groups["date"].Value} is no date.";
        }

        var paragraphs = Paragraph().Matches(text[header.Length..]);
        var names = paragraphs.Select(paragraph => paragraph.Groups["name"].Value).ToList();
        if (!names.SequenceEqual(Paragraphs) && !names.SequenceEqual(WithoutCosts))
        {
            yield return $"Its paragraphs are '{string.Join(' ', names)}', not '{string.Join(' ', Paragraphs)}'.";
        }

        foreach (var paragraph in paragraphs.Where(paragraph => string.IsNullOrWhiteSpace(paragraph.Groups["text"].Value)))
        {
            yield return $"The paragraph '{paragraph.Groups["name"].Value}' is empty.";
        }
    }

    [GeneratedRegex(@"\A[0-9]{4}-[a-z0-9-]+\.md\z")]
    private static partial Regex FileName();

    /// <summary>Heading, date, status, and the start of the first paragraph. The number of a link is that of its file.</summary>
    [GeneratedRegex(
        @"\A# (?<number>[1-9][0-9]*) · \S[^\n]*\n\n(?<date>[0-9]{4}-[0-9]{2}-[0-9]{2}) · "
        + @"(?:accepted|superseded by \[(?<by>[0-9]+)\]\((?<successor>0*\k<by>-[a-z0-9-]+\.md)\))"
        + @"(?: · replaces \[(?<old>[0-9]+)\]\((?<replaced>0*\k<old>-[a-z0-9-]+\.md)\))?\n\n(?=\*\*)")]
    private static partial Regex Header();

    [GeneratedRegex(@"^\*\*(?<name>[^*\n]+)\*\*(?<text>.*?)(?=^\*\*|\z)", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Paragraph();
}
