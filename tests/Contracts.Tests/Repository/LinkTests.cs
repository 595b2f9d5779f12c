using System.Text.RegularExpressions;
using Tollgate.Testing;

namespace Tollgate.Contracts.Tests.Repository;

/// <summary>Links of the tracked Markdown pages to files of the repository and to headings in them. Links to other hosts are not
/// followed.</summary>
public sealed partial class LinkTests
{
    [Fact]
    public async Task Every_relative_link_leads_to_a_file_and_to_a_heading_in_it()
    {
        var tracked = await TrackedFiles.ListAsync();
        var pages = tracked.Where(path => path.EndsWith(".md", StringComparison.Ordinal))
            .Select(path => Path.Combine(SharedFiles.Repository, path)).Where(File.Exists).ToList();

        var faults = pages.SelectMany(page => FindFaults(page, File.ReadAllText(page))).ToList();

        Assert.NotEmpty(pages);
        Assert.Empty(faults);
    }

    [Theory]
    [InlineData("[a](b.md)", "b.md")]
    [InlineData("[two\nlines](../b.md#c \"a title\")", "../b.md#c")]
    [InlineData("![a](b.png)", "b.png")]
    [InlineData("[a]: b.md", "b.md")]
    [InlineData("[`a`](b.cs) beside `[c](d.md)`", "b.cs")]
    [InlineData("```\n[a](b.md)\n```\n[c](d.md)", "d.md")]
    public void A_link_is_found_outside_code(string text, string target) => Assert.Equal(target, Assert.Single(FindTargets(text)));

    [Theory]
    [InlineData("Words\n\n## One request", "one-request")]
    [InlineData("# 3 · `up`, and [why](b.md)", "3--up-and-why")]
    [InlineData("## Results\n## Results", "results-1")]
    public void A_heading_has_the_anchor_that_GitHub_gives_it(string text, string anchor) => Assert.Contains(anchor, FindAnchors(text));

    [Fact]
    public void A_comment_in_code_is_no_heading() => Assert.Empty(FindAnchors("```sh\n# comment\n```\n"));

    [Theory]
    [InlineData("[a](README.md)", 0)]
    [InlineData("[a](docs)", 0)]
    [InlineData("[a](https://example.com/none.md)", 0)]
    [InlineData("[a](no-such-file.md)", 1)]
    [InlineData("[a](CONTRIBUTING.md#no-such-heading)", 1)]
    [InlineData("[a](#no-such-heading)", 1)]
    [InlineData("[a](Platform.sln#L1)", 1)]
    [InlineData("[a](../README.md)", 1)]
    public void A_link_that_leads_nowhere_is_a_fault(string text, int faults) =>
        Assert.Equal(faults, FindFaults(Path.Combine(SharedFiles.Repository, "README.md"), text).Count());

    private static IEnumerable<string> FindFaults(string page, string text)
    {
        var name = Path.GetRelativePath(SharedFiles.Repository, page);
        foreach (var target in FindTargets(text).Where(target => !Absolute().IsMatch(target)))
        {
            var parts = target.Split('#', 2);
            var file = parts[0].Length == 0 ? page : Path.GetFullPath(parts[0], Path.GetDirectoryName(page)!);
            if (!file.StartsWith(SharedFiles.Repository + "/", StringComparison.Ordinal))
            {
                yield return $"{name}: {target} leads out of the repository.";
            }
            else if (!Path.Exists(file))
            {
                yield return $"{name}: {target} does not exist.";
            }
            else if (parts.Length == 2 && !HasHeading(file, parts[1]))
            {
                yield return $"{name}: {target} names no heading of a Markdown page.";
            }
        }
    }

    private static IEnumerable<string> FindTargets(string text) =>
        Link().Matches(Code().Replace(Fence().Replace(text, ""), "")).Select(link => link.Groups["target"].Value);

    private static bool HasHeading(string file, string anchor) =>
        file.EndsWith(".md", StringComparison.Ordinal) && FindAnchors(File.ReadAllText(file)).Contains(anchor);

    /// <summary>Anchors by GitHub's rule: letters, digits, <c>-</c> and <c>_</c> stay, spaces become <c>-</c>, equal ones get a
    /// number.</summary>
    private static HashSet<string> FindAnchors(string text)
    {
        var anchors = new HashSet<string>(StringComparer.Ordinal);
        foreach (Match heading in Heading().Matches(Fence().Replace(text, "")))
        {
            var words = Link().Replace(heading.Groups["words"].Value, "${words}");
            var first = Dropped().Replace(words.ToLowerInvariant(), "").Replace(' ', '-');
            var anchor = first;
            for (var number = 1; !anchors.Add(anchor); number++)
            {
                anchor = $"{first}-{number}";
            }
        }

        return anchors;
    }

    [GeneratedRegex(@"^ *(?<fence>```+|~~~+).*?^ *\k<fence>[^\n]*$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();

    /// <summary>Code within a line or a paragraph.</summary>
    [GeneratedRegex(@"(?<!`)(?<ticks>`+)(?!`)(?:(?!\n\n).)+?(?<!`)\k<ticks>(?!`)", RegexOptions.Singleline)]
    private static partial Regex Code();

    [GeneratedRegex(
        @"\[(?<words>[^\[\]]*)\]\(\s*(?<target>[^()\s]+)(?:\s+""[^""]*"")?\s*\)|^\[[^\[\]]+\]:\s+(?<target>\S+)", RegexOptions.Multiline)]
    private static partial Regex Link();

    [GeneratedRegex(@"^#{1,6} +(?<words>.+?)(?: +#+)? *$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex Dropped();

    /// <summary>A scheme and a colon: a link to another host.</summary>
    [GeneratedRegex("^[a-z][a-z0-9+.-]*:")]
    private static partial Regex Absolute();
}
