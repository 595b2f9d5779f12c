using System.Globalization;
using System.Text.Json;
using Tollgate.EndToEnd.Tests.Running;
using Tollgate.Testing;

namespace Tollgate.EndToEnd.Tests.Scenarios;

/// <summary>A job of the official npm client, trained by the real trainer through the real gateway.</summary>
[Collection(SharedTollgate.Name)]
public sealed class FineTuningTests(SharedTollgate shared)
{
    private static readonly string[] Good = ["good", "lovely", "great", "wonderful", "fine"];
    private static readonly string[] Bad = ["bad", "awful", "poor", "terrible", "sad"];

    [Fact]
    public async Task A_model_is_trained_billed_by_its_rows_and_stored()
    {
        var key = await shared.Running.Internal.CreateKeyAsync("fine-tuning");
        var seen = await RunAsync(key.Text);
        var (ended, events) = (seen.GetProperty("ended"), seen.GetProperty("events").EnumerateArray().ToList());
        var rows = (await shared.Running.Books.OfKeyAsync(key.KeyId)).Where(row => row.Endpoint == "fine_tuning").ToList();
        var id = ended.GetProperty("id").GetString()!;

        var name = $"ft-lstm-reviews-{id[^12..]}";
        Assert.Equal(("succeeded", name), (ended.GetProperty("status").GetString(), ended.GetProperty("fine_tuned_model").GetString()));
        Assert.Equal(7, ended.GetProperty("seed").GetInt32());
        var bound = ended.GetProperty("plan").GetProperty("token_bound").GetInt64();
        Assert.InRange(ended.GetProperty("trained_tokens").GetInt64(), 1, bound);
        Assert.All(rows, row => Assert.Equal("lstm:training", row.Model));
        Assert.Equal(
            rows.Sum(row => row.Amount),
            Cost(ended) + Cost(seen.GetProperty("priced"))); // The second job was cancelled, perhaps before its first run.
        Assert.Contains(rows, row => row.Units.Output == ended.GetProperty("trained_tokens").GetInt64());
        Assert.Equal(
            "1", await shared.Running.Books.TextAsync(
                "select count(*)::text from learning.tuned_models where name = $1 and bytes > 0 and labels = '[\"0\",\"1\"]'",
                name));

        Assert.Equal("The job has successfully completed", events[0].GetProperty("message").GetString()); // The newest first.
        Assert.Equal($"Created fine-tuning job: {id}", events[^1].GetProperty("message").GetString());
        Assert.NotEmpty(seen.GetProperty("checkpoints").EnumerateArray());
        Assert.StartsWith("step,train_loss,", seen.GetProperty("results").GetString(), StringComparison.Ordinal);
        Assert.Equal(
            ("paused", "cancelled"),
            (seen.GetProperty("paused").GetProperty("status").GetString(),
                seen.GetProperty("cancelled").GetProperty("status").GetString()));
        Assert.Equal([seen.GetProperty("cancelled").GetProperty("id").GetString(), id], Texts(seen, "listed").Take(2));
        Assert.Equal([id], Texts(seen, "filtered"));
        Assert.Equal("job_not_cancelled", seen.GetProperty("again").GetProperty("code").GetString());
        Assert.Equal(404, seen.GetProperty("unknown").GetProperty("status").GetInt32());
        Assert.Equal(
            ("NotFoundError", "model"),
            (seen.GetProperty("model").GetProperty("class").GetString(), seen.GetProperty("model").GetProperty("param").GetString()));
        Assert.Equal("integrations", seen.GetProperty("wandb").GetProperty("param").GetString());
        await shared.Running.Books.AssertAgreeAsync();
    }

    private async Task<JsonElement> RunAsync(string key)
    {
        var file = Path.Combine(TestFolder.Create("training"), "reviews.jsonl");
        await File.WriteAllLinesAsync(
            file,
            Enumerable.Range(0, 60).Select(i => JsonSerializer.Serialize(new
            {
                text = $"It was a {(i % 2 == 0 ? Good : Bad)[i / 2 % 5]} film, number {i}.",
                label = i % 2 == 0 ? "1" : "0",
            })));
        var script = Path.Combine(SharedFiles.Repository, "tests", "EndToEnd.Tests", "clients", "fine-tuning.mjs");
        var environment = new Dictionary<string, string>
        {
            ["TOLLGATE_API"] = shared.Running.Endpoints.ApiBase,
            ["TOLLGATE_KEY"] = key,
            ["TOLLGATE_FILE"] = file,
        };
        return JsonElement.Parse(
            (await ProgramRun.RunAsync("node", [script], environment, patience: TimeSpan.FromMinutes(5))).Succeeded());
    }

    private static decimal Cost(JsonElement job) =>
        decimal.Parse(job.GetProperty("cost_usd").GetString()!, CultureInfo.InvariantCulture);

    private static IEnumerable<string?> Texts(JsonElement seen, string member) =>
        seen.GetProperty(member).EnumerateArray().Select(id => id.GetString());
}
