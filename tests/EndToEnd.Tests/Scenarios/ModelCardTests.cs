using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Tollgate.EndToEnd.Tests.Portal;
using Tollgate.EndToEnd.Tests.Running;
using Tollgate.Testing;

namespace Tollgate.EndToEnd.Tests.Scenarios;

/// <summary>The calls that the page of a model shows, copied and run as they stand.</summary>
[Collection(SharedTollgate.Name)]
public sealed partial class ModelCardTests(SharedTollgate shared)
{
    [Theory]
    [InlineData("tiny-assistant", "chat and completions", 4)]
    [InlineData("tiny-embed", "embeddings", 2)]
    [InlineData("tiny-sentiment", "text classification", 2)]
    [InlineData("tiny-painter", "image generation", 1)]
    public async Task Calls_on_the_page_of_a_default_model_are_answered_when_they_are_copied(string model, string task, int calls)
    {
        using var portal = await PortalSession.SignInAsync(shared.Running.Endpoints.Portal, shared.Running.FirstAdmin);
        var page = await portal.GetAsync($"/models/{model}");
        var commands = Texts(page, "curl");

        Assert.Contains($"<dt>Task</dt><dd>{task}</dd>", page, StringComparison.Ordinal);
        Assert.Equal(calls, commands.Length);
        foreach (var command in commands)
        {
            var folder = TestFolder.Create("card");
            var run = await ProgramRun.RunAsync(
                "/bin/bash", ["-c", $"cd '{folder}' && {command.Replace("curl ", "curl --fail-with-body -sS ", StringComparison.Ordinal)}"],
                new Dictionary<string, string> { ["TOLLGATE_API_KEY"] = shared.Running.FirstKey }, patience: TimeSpan.FromMinutes(2));

            if (command.Contains("picture.png", StringComparison.Ordinal))
            {
                Assert.Equal([0x89, .. "PNG"u8], (await File.ReadAllBytesAsync(Path.Combine(folder, "picture.png"))).Take(4));
            }
            else
            {
                Assert.Equal(JsonValueKind.Object, JsonElement.Parse(run.Succeeded()).ValueKind);
            }
        }
    }

    [Theory]
    [InlineData("tiny-assistant")]
    [InlineData("tiny-embed")]
    [InlineData("tiny-sentiment")]
    [InlineData("tiny-painter")]
    public async Task Programs_on_the_page_run_with_the_official_client_and_are_sound_Python(string model)
    {
        using var portal = await PortalSession.SignInAsync(shared.Running.Endpoints.Portal, shared.Running.FirstAdmin);
        var page = await portal.GetAsync($"/models/{model}");

        foreach (var program in Texts(page, "node"))
        {
            var run = await ProgramRun.RunAsync(
                "node", ["--input-type=module", "-"],
                new Dictionary<string, string> { ["TOLLGATE_API_KEY"] = shared.Running.FirstKey }, program, TimeSpan.FromMinutes(2));

            Assert.NotEmpty(run.Succeeded().Trim());
            Assert.NotEqual("undefined", run.Output.Trim());
        }

        foreach (var program in Texts(page, "python"))
        {
            (await ProgramRun.RunAsync("python3", ["-c", "import ast, sys; ast.parse(sys.stdin.read())"], input: program)).Succeeded();
        }
    }

    private static string[] Texts(string page, string kind) =>
    [
        .. Code().Matches(page).Where(match => match.Groups[1].Value == kind)
            .Select(match => WebUtility.HtmlDecode(match.Groups[2].Value)),
    ];

    [GeneratedRegex("<code class=\"(curl|python|node)\">([^<]+)</code>")]
    private static partial Regex Code();
}
