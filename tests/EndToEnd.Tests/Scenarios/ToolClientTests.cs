using System.Text.Json;
using Tollgate.EndToEnd.Tests.Clients;
using Tollgate.EndToEnd.Tests.Running;
using Tollgate.Testing;

namespace Tollgate.EndToEnd.Tests.Scenarios;

/// <summary>Functions by the official npm client against the running system. One run of <c>clients/tools.mjs</c>.</summary>
[Collection(SharedTollgate.Name)]
public sealed class ToolClientTests(SharedTollgate shared)
{
    [Fact]
    public async Task The_official_client_calls_functions_and_every_answer_is_the_same_streamed()
    {
        var environment = new Dictionary<string, string>
        {
            ["TOLLGATE_API"] = shared.Running.Endpoints.ApiBase,
            ["TOLLGATE_KEY"] = shared.Running.FirstKey,
        };
        var script = Path.Combine(SharedFiles.Repository, "tests", "EndToEnd.Tests", "clients", "tools.mjs");

        var seen = JsonElement.Parse((await ProgramRun.RunAsync("node", [script], environment)).Succeeded());

        foreach (var loop in (string[])["loop", "loopStreamed"])
        {
            Assert.Equal("It is 21 degrees and sunny in Lisbon.", seen.GetProperty(loop).GetProperty("text").GetString());
            Assert.Equal("""[{"city":"Lisbon"}]""", seen.GetProperty(loop).GetProperty("calls").GetRawText());
            Assert.Equal("""["user","assistant","tool","assistant"]""", seen.GetProperty(loop).GetProperty("roles").GetRawText());
        }

        foreach (var (kind, function) in ((string, string)[])
            [("auto", "get_weather"), ("named", "add"), ("strict", "get_weather"), ("required", "")])
        {
            var (whole, streamed) = (seen.GetProperty(kind), seen.GetProperty($"{kind}Streamed"));
            Assert.Equal(Calls(whole), Calls(streamed));
            Assert.Equal(
                whole.GetProperty("choice").GetProperty("finish_reason").GetString(),
                streamed.GetProperty("choice").GetProperty("finish_reason").GetString());
            Assert.Equal(AnswerUsage.Read(whole.GetProperty("usage")), AnswerUsage.Read(streamed.GetProperty("usage")));
            Assert.NotEmpty(Calls(whole));
            Assert.All(Calls(whole), call => Assert.True(function.Length == 0 || call.Name == function, call.Name));
        }

        Assert.Equal(("get_weather", """{"city": "Lisbon"}"""), Calls(seen.GetProperty("auto")).Single());
        Assert.Equal("The capital of France is Paris.", Message(seen.GetProperty("none")).GetProperty("content").GetString());
        Assert.Equal("get_weather", Message(seen.GetProperty("functions")).GetProperty("function_call").GetProperty("name").GetString());
        Assert.Equal(
            """{"status":400,"code":"invalid_function_parameters","param":"tools[0].function.parameters"}""",
            seen.GetProperty("badStrict").GetRawText());
        var usage = AnswerUsage.Read(seen.GetProperty("auto").GetProperty("usage"));
        var row = await shared.Running.Books.OneAsync(RequestIds.Parse(seen.GetProperty("auto").GetProperty("requestId").GetString()!));
        Assert.Equal((usage.Prompt, usage.Completion), (row.Units.Prompt, row.Units.Completion));
    }

    private static JsonElement Message(JsonElement answer) => answer.GetProperty("choice").GetProperty("message");

    private static IReadOnlyList<(string Name, string Arguments)> Calls(JsonElement answer)
    {
        Assert.True(Message(answer).TryGetProperty("tool_calls", out var calls), answer.GetRawText());
        return
        [
            .. calls.EnumerateArray().Select(call => call.GetProperty("function")).Select(
                function => (function.GetProperty("name").GetString()!, function.GetProperty("arguments").GetString()!)),
        ];
    }
}
