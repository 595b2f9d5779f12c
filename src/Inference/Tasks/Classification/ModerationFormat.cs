using System.Text.Json;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Inference.Tasks.Classification;

/// <summary>
/// The JSON of <c>/v1/moderations</c>. The score of a category is the highest of its labels', or their sum where labels exclude each
/// other. It is 0 where the model judges no such category, and the category then has no applied input type.
/// </summary>
internal static class ModerationFormat
{
    /// <param name="isOneInput">Whether the texts are parts of one input: its scores are the highest of its parts'.</param>
    public static void Write(Utf8JsonWriter json, ClassificationResult result, ModerationMap map, bool isOneInput)
    {
        var labels = result.Scores[0].Classification.Labels;
        var columns = ModerationCategories.All.Select(category => ColumnsOf(category, labels, map)).ToArray();
        json.WriteStartObject();
        json.WriteString("id", $"modr-{result.Request:N}");
        json.WriteString("model", result.Model);
        json.WriteStartArray("results");
        foreach (var input in isOneInput ? [[.. result.Scores]] : result.Scores.Select(scores => new[] { scores }))
        {
            WriteResult(json, [.. columns.Select(labelled => input.Max(scores => Combine(scores, labelled)))], columns, map);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <param name="scores">Of each category.</param>
    /// <param name="columns">Labels of each category.</param>
    private static void WriteResult(Utf8JsonWriter json, double[] scores, int[][] columns, ModerationMap map)
    {
        var categories = ModerationCategories.All;
        bool[] flags = [.. categories.Select((category, i) => columns[i].Length > 0 && scores[i] >= map.ThresholdOf(category))];
        json.WriteStartObject();
        json.WriteBoolean("flagged", flags.Contains(true));
        json.WriteStartObject("categories");
        for (var i = 0; i < flags.Length; i++)
        {
            json.WriteBoolean(categories[i], flags[i]);
        }

        json.WriteEndObject();
        json.WriteStartObject("category_scores");
        for (var i = 0; i < scores.Length; i++)
        {
            json.WriteNumber(categories[i], scores[i]);
        }

        json.WriteEndObject();
        json.WriteStartObject("category_applied_input_types");
        for (var i = 0; i < columns.Length; i++)
        {
            json.WriteStartArray(categories[i]);
            if (columns[i].Length > 0)
            {
                json.WriteStringValue("text");
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static int[] ColumnsOf(string category, IReadOnlyList<string> labels, ModerationMap map) =>
        [.. Enumerable.Range(0, labels.Count)
            .Where(label => map.Labels.TryGetValue(labels[label], out var categories) && categories.Contains(category))];

    private static double Combine(LabelScores scores, int[] labels) => labels.Length == 0 ? 0
        : scores.Classification.Activation == ModelClassification.Softmax ? Math.Min(labels.Sum(label => scores[label]), 1)
        : labels.Max(label => scores[label]);
}
