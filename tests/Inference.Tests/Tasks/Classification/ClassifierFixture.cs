using System.Text.Json.Nodes;
using Tollgate.Inference.Tests.Endpoints;
using Tollgate.Inference.Tests.Models;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Tasks.Classification;

/// <summary>
/// A real worker with classifiers: tiny-sentiment; bert and multi, a BERT of random weights whose labels exclude each other or do not;
/// table, whose logits are known for single words; guard, which moderates by one label of several; many, which has 60 labels.
/// </summary>
public sealed class ClassifierFixture : ImportedWorker
{
    private static readonly string[] Letters = ["A", "B", "C", "D"];

    internal RandomBert Bert { get; } = new();

    protected override async Task<IReadOnlyList<string>> ImportAsync()
    {
        var sources = TestFolder.Create("exported");
        var bert = Folder("bert", Letters);
        Bert.Write(bert);
        var multi = Folder("multi", Letters, config => config["problem_type"] = "multi_label_classification");
        Bert.Write(multi);
        ClassifierFolder.WriteModeration(
            multi, """{"labels":{"A":["hate","harassment"],"B":"hate"},"thresholds":{"harassment":0.999999}}""");
        var table = Folder("table", ["bad", "fair", "good"]);
        ClassifierFolder.WriteTable(table, 3, new Dictionary<string, float[]>
        {
            ["good"] = [1, 2, 3], ["bad"] = [5, 1, 1], ["hate"] = [float.NaN, 0, 0], ["love"] = [0, float.PositiveInfinity, 0],
        });
        var guard = Folder("guard", ["harmless", "insult", "threat"]);
        ClassifierFolder.WriteTable(guard, 3, new Dictionary<string, float[]> { ["bad"] = [0, 2, 2], ["good"] = [9, 0, 0] });
        ClassifierFolder.WriteModeration(
            guard,
            """
            {"labels":{"insult":"harassment","threat":["harassment","violence"]},"threshold":0.8,"thresholds":{"violence":0.4}}
            """);
        var many = Folder("many", [.. Enumerable.Range(0, 60).Select(number => $"label {number}")]);
        ClassifierFolder.WriteTable(many, 60, new Dictionary<string, float[]>());
        foreach (var folder in (string[])[bert, multi, table, guard, many, Path.Combine(ModelFiles.Defaults, "tiny-sentiment")])
        {
            await ClassifierFolder.ImportAsync(folder, Path.GetFileName(folder), Repository);
        }

        return ["tiny-sentiment", "bert", "multi", "table", "guard", "many"];

        string Folder(string name, string[] labels, Action<JsonObject>? change = null) =>
            ClassifierFolder.WriteSettings(Path.Combine(sources, name), labels, change);
    }

    /// <summary>The answer to a request that must succeed.</summary>
    public async Task<JsonNode> AnswerAsync(string path, JsonNode body, Guid? request = null)
    {
        using var response = await SendAsync(path, body, request);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, text);
        return JsonNode.Parse(text)!;
    }

    /// <summary>The error to a request that must be refused.</summary>
    public async Task<(int Status, JsonNode Error)> RefusalAsync(string path, JsonNode body)
    {
        using var response = await SendAsync(path, body);
        var text = await response.Content.ReadAsStringAsync();
        Assert.False(response.IsSuccessStatusCode, text);
        return ((int)response.StatusCode, JsonNode.Parse(text)!["error"]!);
    }
}
