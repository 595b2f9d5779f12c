using System.Globalization;
using System.Text.Json;
using Tollgate.EndToEnd.Tests.Clients;
using Tollgate.EndToEnd.Tests.Running;
using Tollgate.Testing;

namespace Tollgate.EndToEnd.Tests.Scenarios;

/// <summary>Batches of the official npm client: every line runs once, at half the price.</summary>
[Collection(SharedTollgate.Name)]
public sealed class BatchTests(SharedTollgate shared)
{
    private const int Lines = 200;

    [Theory]
    [InlineData(BatchFiles.Chat, "chat.completions")]
    [InlineData(BatchFiles.Embeddings, "embeddings")]
    public async Task Two_hundred_lines_are_answered_once_and_billed_at_half_price(string endpoint, string scope)
    {
        var key = await shared.Running.Internal.CreateKeyAsync($"batch over {scope}");
        var seen = await RunAsync(key.Text, endpoint);
        var ended = seen.GetProperty("ended");
        var output = BatchFiles.Read(seen.GetProperty("output").GetString());
        var ofCancelled = BatchFiles.Read(seen.GetProperty("cancelledOutput").GetString());
        var cancelledErrors = BatchFiles.Read(seen.GetProperty("cancelledErrors").GetString());
        var rows = (await shared.Running.Books.OfKeyAsync(key.KeyId)).ToDictionary(row => row.RequestId);

        Assert.Equal("validating", seen.GetProperty("created").GetProperty("status").GetString());
        Assert.Equal((Lines, Lines, 0), Counts(ended));
        Assert.Equal(BatchFiles.Ids(Lines).Order(), output.Keys.Order());
        Assert.Equal(Lines, output.Values.Select(line => line.GetProperty("id").GetString()).Distinct().Count());
        Assert.Equal(JsonValueKind.Null, seen.GetProperty("errors").ValueKind);
        Assert.Equal("nightly", ended.GetProperty("metadata").GetProperty("run").GetString());
        Assert.Equal(Lines + ofCancelled.Count, rows.Count);
        foreach (var line in output.Values)
        {
            var response = line.GetProperty("response");
            Assert.Equal((200, JsonValueKind.Null), (response.GetProperty("status_code").GetInt32(), line.GetProperty("error").ValueKind));
            var row = rows[RequestId(line)];
            var usage = response.GetProperty("body").GetProperty("usage");
            Assert.Equal((scope, usage.GetProperty("prompt_tokens").GetInt64()), (row.Endpoint, row.Units.Prompt));
        }

        // The catalogue's prices of the default models, dollars a million tokens; a batch pays half.
        var ofBatch = output.Values.Select(line => rows[RequestId(line)]).ToList();
        var whole = await shared.Running.Books.TextAsync(
            """
            select sum(billing.units_cost(e.input, e.cached, e.output, e.reasoning, e.audio_ms, e.images, e.pixels, e.steps, v))::text
            from billing.usage_events e join billing.price_versions v on v.version = e.price_version where e.request_id = any($1)
            """,
            ofBatch.Select(row => row.RequestId).ToArray());
        var cost = decimal.Parse(ended.GetProperty("cost_usd").GetString()!, CultureInfo.InvariantCulture);
        Assert.Equal(ofBatch.Sum(row => row.Amount), cost);
        Assert.Equal(decimal.Parse(whole!, CultureInfo.InvariantCulture) / 2, cost, 9);
        Assert.Equal(ofBatch.Sum(row => row.Units.Prompt), ended.GetProperty("usage").GetProperty("input_tokens").GetInt64());
        Assert.Equal(ofBatch.Sum(row => row.Units.Output), ended.GetProperty("usage").GetProperty("output_tokens").GetInt64());

        // The cancelled one: what is done stays and is billed, the rest costs nothing.
        var cancelled = seen.GetProperty("cancelled");
        var (total, completed, failed) = Counts(cancelled);
        Assert.Equal((total, ofCancelled.Count, cancelledErrors.Count), (completed + failed, completed, failed));
        Assert.All(
            cancelledErrors.Values, line => Assert.Equal("batch_cancelled", line.GetProperty("error").GetProperty("code").GetString()));
        Assert.Equal(
            ofCancelled.Values.Sum(line => rows[RequestId(line)].Amount),
            decimal.Parse(cancelled.GetProperty("cost_usd").GetString()!, CultureInfo.InvariantCulture));
        Assert.Equal(
            [cancelled.GetProperty("id").GetString(), ended.GetProperty("id").GetString()],
            seen.GetProperty("listed").EnumerateArray().Take(2).Select(id => id.GetString()));
        Assert.Equal("batch_not_cancellable", seen.GetProperty("again").GetProperty("code").GetString());
        Assert.Equal(404, seen.GetProperty("unknown").GetProperty("status").GetInt32());
        Assert.Equal("completion_window", seen.GetProperty("window").GetProperty("param").GetString());
        await shared.Running.Books.AssertAgreeAsync();
    }

    private async Task<JsonElement> RunAsync(string key, string endpoint)
    {
        var folder = TestFolder.Create("batch");
        var file = Path.Combine(folder, "requests.jsonl");
        await File.WriteAllTextAsync(file, endpoint == BatchFiles.Chat ? BatchFiles.Chats(Lines) : BatchFiles.Vectors(Lines));
        var script = Path.Combine(SharedFiles.Repository, "tests", "EndToEnd.Tests", "clients", "batches.mjs");
        var environment = new Dictionary<string, string>
        {
            ["TOLLGATE_API"] = shared.Running.Endpoints.ApiBase,
            ["TOLLGATE_KEY"] = key,
            ["TOLLGATE_FILE"] = file,
            ["TOLLGATE_ENDPOINT"] = endpoint,
        };
        return JsonElement.Parse(
            (await ProgramRun.RunAsync("node", [script], environment, patience: TimeSpan.FromMinutes(5))).Succeeded());
    }

    private static Guid RequestId(JsonElement line) =>
        RequestIds.Parse(line.GetProperty("response").GetProperty("request_id").GetString()!);

    private static (int Total, int Completed, int Failed) Counts(JsonElement batch)
    {
        var counts = batch.GetProperty("request_counts");
        return (Of("total"), Of("completed"), Of("failed"));

        int Of(string name) => counts.GetProperty(name).GetInt32();
    }
}
