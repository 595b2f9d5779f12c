using Tollgate.Testing;

namespace Tollgate.Contracts.Tests.Repository;

/// <summary>What holds for every tracked file.</summary>
public sealed class TrackedFilesTests
{
    private const int MostColumns = 140;

    private static readonly string[] Sources = [".cs", ".razor", ".sql", ".lua", ".sh", ".js", ".css", ".props", ".targets", ".csproj"];

    /// <summary>Migrations with longer lines. They may not change: each database keeps the hash of the migrations that ran in it.</summary>
    private static readonly string[] Landed =
    [
        "src/Billing/Migrations/0007_corrections.sql", "src/Billing/Migrations/0011_rejected_usage.sql",
        "src/Billing/Migrations/0041_budget_seeds.sql",
    ];

    /// <summary>Written so that this file holds none itself.</summary>
    private static readonly string[] Markers = [new string('<', 7) + " ", new string('>', 7) + " ", new string('|', 7) + " "];

    [Fact]
    public async Task No_tracked_file_holds_the_markers_of_an_unfinished_merge() =>
        Assert.Empty(Find(await TrackedFiles.ListAsync(), IsMarker));

    [Fact]
    public async Task No_line_of_a_source_file_is_longer_than_140_characters()
    {
        var tracked = await TrackedFiles.ListAsync();

        Assert.Empty(Find(tracked.Where(path => IsSource(path) && !IsThirdParty(path, tracked)).Except(Landed), IsTooLong));
    }

    [Theory]
    [InlineData("<<<<<<", "< HEAD", true)]
    [InlineData(">>>>>>", "> workers", true)]
    [InlineData("||||||", "| base", true)]
    [InlineData("======", "=", true)]
    [InlineData("======", "==", false)] // An underline of a heading.
    [InlineData("<<<<<<", "<<<", false)]
    [InlineData("  <<<<<", "<< HEAD", false)]
    public void A_marker_is_known_by_its_seven_characters_at_the_start_of_a_line(string start, string rest, bool marks) =>
        Assert.Equal(marks, IsMarker(start + rest));

    [Theory]
    [InlineData(70, 69, false)] // With the blank between them 140 characters.
    [InlineData(70, 70, true)]
    [InlineData(0, 200, false)] // Indented only.
    public void A_line_is_too_long_beyond_140_characters_when_a_blank_could_break_it(int before, int after, bool tooLong) =>
        Assert.Equal(tooLong, IsTooLong(string.Concat(Enumerable.Repeat("😀", before)) + ' ' + new string('x', after)));

    /// <summary>Lines of the files that <paramref name="isFault"/> holds for, as <c>path:line</c>.</summary>
    private static List<string> Find(IEnumerable<string> paths, Func<string, bool> isFault)
    {
        var found = new List<string>();
        foreach (var path in paths)
        {
            var file = Path.Combine(SharedFiles.Repository, path);
            if (File.Exists(file))
            {
                found.AddRange(File.ReadLines(file).Select((line, at) => (line, at)).Where(at => isFault(at.line)).Select(
                    at => $"{path}:{at.at + 1}"));
            }
        }

        return found;
    }

    private static bool IsSource(string path) => path == "tollgate" || Sources.Contains(Path.GetExtension(path));

    /// <summary>Whether the file's licence lies beside it, such as <c>uplot-license.txt</c> beside <c>uplot.js</c>.</summary>
    private static bool IsThirdParty(string path, string[] tracked) => tracked.Contains(Path.ChangeExtension(path, null) + "-license.txt");

    private static bool IsTooLong(string line) => line.Trim().Contains(' ') && line.EnumerateRunes().Count() > MostColumns;

    private static bool IsMarker(string line) =>
        line == new string('=', 7) || Markers.Any(marker => line.StartsWith(marker, StringComparison.Ordinal));
}
