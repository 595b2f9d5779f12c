using System.Text.Json;
using System.Text.RegularExpressions;
using Tollgate.EndToEnd.Tests.Running;
using Tollgate.Testing;

namespace Tollgate.EndToEnd.Tests.Scenarios;

/// <summary>The commands of the tutorial, as they stand there, from the file to the explained answer.</summary>
[Collection(SharedTollgate.Name)]
public sealed partial class TutorialTests(SharedTollgate shared)
{
    private const string Definitions = "export API=http://127.0.0.1:8080 KEY=sk-…";

    [Fact]
    public async Task The_first_hour_ends_with_an_answer_and_its_reasons()
    {
        var text = await File.ReadAllTextAsync(Path.Combine(SharedFiles.Repository, "docs", "tutorial", "README.md"));
        var byCurl = text[..text.IndexOf("### A better one", StringComparison.Ordinal)];
        var blocks = Blocks().Matches(byCurl).Select(match => match.Groups[1].Value).ToList();
        Assert.StartsWith(Definitions, blocks[0], StringComparison.Ordinal);
        var key = await shared.Running.Internal.CreateKeyAsync("tutorial");
        var script = string.Join("\necho\n", blocks)
            .Replace(
                Definitions, $"export API={shared.Running.Endpoints.ApiBase[..^"/v1".Length]} KEY={key.Text}", StringComparison.Ordinal);

        var run = await ProgramRun.RunAsync(
            "bash", ["-c", $"cd '{SharedFiles.Repository}'\n{script}"], new Dictionary<string, string>(),
            patience: TimeSpan.FromMinutes(5));

        var lines = run.Succeeded().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var predicted = JsonElement.Parse(lines.Last(line => line.Contains("\"label_name\"", StringComparison.Ordinal)));
        var explained = JsonElement.Parse(lines[^1]).GetProperty("data")[0].GetProperty("explanation");
        Assert.Equal(7, blocks.Count - 1); // The definitions, and seven steps.
        Assert.Contains("data: [DONE]", lines);
        Assert.Equal(2, predicted.GetProperty("label_name").GetArrayLength());
        Assert.Contains(explained.GetProperty("tokens").EnumerateArray(), token => token.GetProperty("text").GetString() == "great");
    }

    [GeneratedRegex(@"^ *```sh\n(.*?)\n *```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Blocks();
}
