using Tollgate.Testing;

namespace Tollgate.EndToEnd.Tests.Running;

/// <summary>The code that a chapter of the README shows.</summary>
internal sealed class ReadmeChapter
{
    private readonly List<(string Language, string Text)> _blocks = [];

    /// <param name="heading">Without its number signs.</param>
    public ReadmeChapter(string heading)
    {
        var text = File.ReadAllText(Path.Combine(SharedFiles.Repository, "README.md"));
        var chapter = text.Split("\n## ").Single(one => one.StartsWith(heading + "\n", StringComparison.Ordinal));
        var parts = chapter.Split("```");
        for (var i = 1; i < parts.Length; i += 2)
        {
            var end = parts[i].IndexOf('\n', StringComparison.Ordinal);
            _blocks.Add((parts[i][..end], parts[i][(end + 1)..].Trim()));
        }
    }

    /// <summary>Every command, on one line each.</summary>
    public IReadOnlyList<string> Commands =>
    [
        .. Of("sh").SelectMany(block =>
            block.Replace("\\\n", "", StringComparison.Ordinal).Split('\n', StringSplitOptions.RemoveEmptyEntries)),
    ];

    /// <summary>Blocks in a language.</summary>
    public IEnumerable<string> Of(string language) => _blocks.Where(block => block.Language == language).Select(block => block.Text);
}
