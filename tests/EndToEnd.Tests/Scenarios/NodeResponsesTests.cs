using System.Text.Json;
using Tollgate.EndToEnd.Tests.Clients;
using Tollgate.EndToEnd.Tests.Running;
using Tollgate.Testing;

namespace Tollgate.EndToEnd.Tests.Scenarios;

/// <summary>The official npm client's <c>responses</c> against the running system.</summary>
[Collection(SharedTollgate.Name)]
public sealed class NodeResponsesTests(SharedTollgate shared)
{
    [Fact]
    public async Task Responses_are_created_streamed_continued_shown_and_deleted()
    {
        var environment = new Dictionary<string, string>
        {
            ["TOLLGATE_API"] = shared.Running.Endpoints.ApiBase,
            ["TOLLGATE_KEY"] = shared.Running.FirstKey,
            ["TOLLGATE_MODEL"] = "tiny-assistant",
        };
        var script = Path.Combine(SharedFiles.Repository, "tests", "EndToEnd.Tests", "clients", "responses.mjs");

        var saw = JsonElement.Parse((await ProgramRun.RunAsync("node", [script], environment)).Succeeded());

        var created = saw.GetProperty("created");
        Assert.Equal(("completed", "1"), (Text(created, "status"), Text(created.GetProperty("metadata"), "turn")));
        Assert.Equal(TextOf(created), Text(saw, "text"));
        AssertStream(saw, created);
        Assert.Equal(TextOf(saw.GetProperty("pasted")), Text(saw, "chatText"));
        Assert.Equal(saw.GetProperty("chatTokens").GetInt64(), InputTokens(saw.GetProperty("pasted")));
        Assert.Equal("completed", Text(saw.GetProperty("referred"), "status"));
        Assert.Equal(
            ["Hello!", TextOf(created), "Who are you?"],
            saw.GetProperty("items").EnumerateArray().Select(item => Text(item.GetProperty("content")[0], "text")));
        var incomplete = saw.GetProperty("incomplete");
        Assert.Equal(
            ("incomplete", "max_output_tokens"),
            (Text(incomplete, "status"), Text(incomplete.GetProperty("incomplete_details"), "reason")));
        AssertRefused(saw, "deleted", 404, null);
        AssertRefused(saw, "afterDeletion", 404, "previous_response_id");
        AssertRefused(saw, "unkept", 404, null);
        AssertRefused(saw, "backgroundStream", 400, "stream");
        await AssertBackgroundAsync(saw);
        var row = await shared.Running.Books.OneAsync(RequestIds.Parse(Text(saw, "requestId")));
        Assert.Equal(
            ("responses", InputTokens(created), created.GetProperty("usage").GetProperty("output_tokens").GetInt64()),
            (row.Endpoint, row.Units.Prompt, row.Units.Output));
    }

    private async Task AssertBackgroundAsync(JsonElement saw)
    {
        var (queued, done) = (saw.GetProperty("queued"), saw.GetProperty("backgroundDone"));
        Assert.Equal(
            ("queued", true, 0),
            (Text(queued, "status"), queued.GetProperty("background").GetBoolean(), queued.GetProperty("output").GetArrayLength()));
        Assert.Equal((Text(queued, "id"), Text(saw.GetProperty("created"), "model")), (Text(done, "id"), Text(done, "model")));
        Assert.Contains(Text(done, "status"), (string[])["completed", "incomplete"]);
        Assert.Equal(queued.EnumerateObject().Select(member => member.Name), done.EnumerateObject().Select(member => member.Name));
        Assert.True(InputTokens(saw.GetProperty("continued")) > InputTokens(done));
        var row = await shared.Running.Books.OneAsync(
            RequestIds.Parse(Text(done, "id").Replace("resp_", "req_", StringComparison.Ordinal)));
        Assert.Equal(
            ("responses", InputTokens(done), done.GetProperty("usage").GetProperty("output_tokens").GetInt64()),
            (row.Endpoint, row.Units.Prompt, row.Units.Output));
        Assert.Equal("cancelled", Text(saw.GetProperty("cancelled"), "status"));
        foreach (var again in (string[])["cancelledAgain", "cancelledShown"])
        {
            Assert.Equal(saw.GetProperty("cancelled").GetRawText(), saw.GetProperty(again).GetRawText());
        }

        AssertRefused(saw, "afterCancel", 400, "previous_response_id");
        AssertRefused(saw, "notInBackground", 400, null);
    }

    private static void AssertStream(JsonElement saw, JsonElement created)
    {
        var (events, streamed) = (saw.GetProperty("events").EnumerateArray().ToList(), saw.GetProperty("streamed"));
        Assert.Equal(Enumerable.Range(0, events.Count), events.Select(item => item.GetProperty("sequence_number").GetInt32()));
        Assert.Equal("response.created", Text(events[0], "type"));
        Assert.Equal(
            TextOf(streamed),
            string.Concat(events.Where(item => Text(item, "type") == "response.output_text.delta").Select(item => Text(item, "delta"))));
        Assert.Equal(Text(created, "id"), Text(streamed, "previous_response_id"));
        Assert.Equal(Text(streamed, "id"), Text(saw.GetProperty("retrieved"), "id"));
        Assert.Equal(TextOf(streamed), TextOf(saw.GetProperty("retrieved")));
    }

    private static void AssertRefused(JsonElement saw, string name, int status, string? param)
    {
        var refused = saw.GetProperty(name);
        Assert.Equal(status, refused.GetProperty("status").GetInt32());
        Assert.Equal(param, refused.GetProperty("param").GetString());
    }

    private static string Text(JsonElement element, string member) => element.GetProperty(member).GetString()!;

    private static string TextOf(JsonElement response) => Text(response.GetProperty("output")[0].GetProperty("content")[0], "text");

    private static long InputTokens(JsonElement response) => response.GetProperty("usage").GetProperty("input_tokens").GetInt64();
}
