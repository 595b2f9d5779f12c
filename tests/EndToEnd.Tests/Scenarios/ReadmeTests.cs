using System.Net;
using System.Text.RegularExpressions;
using Tollgate.EndToEnd.Tests.Portal;
using Tollgate.EndToEnd.Tests.Running;
using Tollgate.Testing;

namespace Tollgate.EndToEnd.Tests.Scenarios;

/// <summary>What the README and the portal show of each task works as it stands there.</summary>
[Collection(SharedTollgate.Name)]
public sealed partial class ReadmeTests(SharedTollgate shared)
{
    [Fact]
    public async Task The_tutorials_call_gets_the_answer_beside_it()
    {
        var block = ImportedModels.Chapter.Of("python").Single();
        var expression = string.Join('\n', block.Split('\n').Where(line => !line.StartsWith('#')));
        var program = $"import json, os, requests\nKEY = os.environ['KEY']\nprint(json.dumps({shared.Models.Here(expression)}))";

        var run = await ProgramRun.RunAsync(
            "python3", ["-c", program], new Dictionary<string, string> { ["KEY"] = shared.Running.FirstKey });

        Assert.Equal("# {\"label\": 1, \"label_name\": \"positive\", \"score\": 0.98…}", block.Split('\n')[^1]);
        Assert.StartsWith("{\"label\": 1, \"label_name\": \"positive\", \"score\": 0.98", run.Succeeded(), StringComparison.Ordinal);
    }

    /// <summary>Commands that import a model run when the first test needs it; here the calls follow.</summary>
    [SharedFact(ImportedModels.WhisperFolder)]
    public async Task Every_command_of_the_chapter_works()
    {
        await shared.Models.PrefixedAsync();
        await shared.Models.ClassifierAsync();
        await shared.Models.WhisperAsync();
        var imports = ImportedModels.Chapter.Commands
            .Where(command => command.StartsWith("./tollgate models import ", StringComparison.Ordinal)).ToList();
        var calls = ImportedModels.Chapter.Commands.Except(imports).ToList();

        var answers = new List<string>();
        foreach (var call in calls)
        {
            Assert.StartsWith("curl ", call, StringComparison.Ordinal);
            answers.Add((await CallAsync(call)).Succeeded());
        }

        Assert.Equal(["e5", "my-classifier", "whisper"], imports.Select(command => Name().Match(command).Groups[1].Value));
        Assert.Equal(3, calls.Count);
        Assert.Contains(answers, answer => answer.Contains("\"attribution\"", StringComparison.Ordinal));
        Assert.Contains(answers, answer => answer.Contains("tiger cat", StringComparison.Ordinal));
        Assert.Contains(answers, answer => answer.Contains(" --> 00:00:", StringComparison.Ordinal));
    }

    [SharedFact(ImportedModels.WhisperFolder)]
    public async Task Every_call_that_the_page_of_models_shows_works()
    {
        string[] models =
        [
            await shared.Models.ClassifierAsync(), await shared.Models.WhisperAsync(), await shared.Models.GuardAsync(), "tiny-assistant",
            "tiny-embed", "tiny-painter",
        ];
        using var session = await PortalSession.SignInAsync(shared.Running.Endpoints.Portal, shared.Running.FirstAdmin);
        var page = WebUtility.HtmlDecode(await session.GetAsync("/models"));

        var calls = Code().Matches(page).Select(code => code.Groups[1].Value)
            .Where(code => models.Contains(Named().Match(code).Groups[1].Value)).ToList();
        foreach (var call in calls)
        {
            var run = await CallAsync(call);
            Assert.True(run.ExitCode == 0, $"{call}\n{run.Output}{run.Error}");
        }

        // Chat, messages, completions, responses; embeddings, rerank; three of texts; pictures seen, recordings, pictures drawn.
        Assert.Equal(12, calls.Count);
    }

    /// <summary>Runs curl so that it fails where the answer is an error.</summary>
    private Task<ProgramRun> CallAsync(string call) =>
        shared.Models.RunAsync($"set -o pipefail && {call.Replace("curl ", "curl -sS --fail-with-body ", StringComparison.Ordinal)}");

    [GeneratedRegex("--name ([^ ]+)")]
    private static partial Regex Name();

    [GeneratedRegex("model(?:=|\": \")([a-z0-9-]+)")]
    private static partial Regex Named();

    [GeneratedRegex("<pre[^>]*><code>(curl.*?)</code></pre>", RegexOptions.Singleline)]
    private static partial Regex Code();
}
