using System.Diagnostics;
using Tollgate.Testing;

namespace Tollgate.Contracts.Tests.Repository;

/// <summary>What holds for every tracked file.</summary>
public sealed class TrackedFilesTests
{
    /// <summary>Written so that this file holds none itself.</summary>
    private static readonly string[] Markers = [new string('<', 7) + " ", new string('>', 7) + " ", new string('|', 7) + " "];

    [Fact]
    public async Task No_tracked_file_holds_the_markers_of_an_unfinished_merge()
    {
        var marked = new List<string>();
        foreach (var path in await TrackedAsync())
        {
            var file = Path.Combine(SharedFiles.Repository, path);
            if (File.Exists(file))
            {
                marked.AddRange(File.ReadLines(file).Select((line, at) => (line, at)).Where(at => IsMarker(at.line)).Select(
                    at => $"{path}:{at.at + 1}"));
            }
        }

        Assert.Empty(marked);
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

    private static bool IsMarker(string line) =>
        line == new string('=', 7) || Markers.Any(marker => line.StartsWith(marker, StringComparison.Ordinal));

    private static async Task<string[]> TrackedAsync()
    {
        using var git = Process.Start(new ProcessStartInfo("git", ["ls-files", "-z"])
        {
            WorkingDirectory = SharedFiles.Repository, RedirectStandardOutput = true,
        })!;
        var names = await git.StandardOutput.ReadToEndAsync();
        await git.WaitForExitAsync();
        Assert.Equal(0, git.ExitCode);
        return names.Split('\0', StringSplitOptions.RemoveEmptyEntries);
    }
}
