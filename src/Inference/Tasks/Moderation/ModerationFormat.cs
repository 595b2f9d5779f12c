using System.Text.Json;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Inference.Tasks.Moderation;

/// <summary>
/// The JSON of <c>/v1/moderations</c>. The score of a category is the highest of its labels', or their sum where labels exclude each
/// other. It is 0 where the model judges no such category, and the category then has no applied input type.
/// </summary>
internal static class ModerationFormat
{
    public static void Write(Utf8JsonWriter json, ModerationScores result, ModerationMap map)
    {
        var columns = ModerationCategories.All.Select(category => ColumnsOf(category, result.Labels, map)).ToArray();
        json.WriteStartObject();
        json.WriteString("id", $"modr-{result.Request:N}");
        json.WriteString("model", result.Model);
        json.WriteStartArray("results");
        foreach (var input in result.IsOneInput ? [[.. result.Scores]] : result.Scores.Select(scores => new[] { scores }))
        {
            double[] highest = [.. columns.Select(labels => input.Max(scores => Combine(scores, labels, result.Exclusive)))];
            WriteResult(json, highest, columns, map, result.InputType);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <param name="scores">Of each category.</param>
    /// <param name="columns">Labels of each category.</param>
    private static void WriteResult(Utf8JsonWriter json, double[] scores, int[][] columns, ModerationMap map, string inputType)
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
                json.WriteStringValue(inputType);
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static int[] ColumnsOf(string category, IReadOnlyList<string> labels, ModerationMap map) =>
        [.. Enumerable.Range(0, labels.Count)
            .Where(label => map.Labels.TryGetValue(labels[label], out var categories) && categories.Contains(category))];

    private static double Combine(IReadOnlyList<double> scores, int[] labels, bool exclusive) => labels.Length == 0 ? 0
        : exclusive ? Math.Min(labels.Sum(label => scores[label]), 1) : labels.Max(label => scores[label]);
}

/// <summary>What a classifier found in the inputs of a moderation.</summary>
/// <param name="Request">The request's id.</param>
/// <param name="Labels">Names of the labels by number.</param>
/// <param name="Exclusive">Whether labels exclude each other, so that the scores of several add up.</param>
/// <param name="Scores">Of each input, a score for each label.</param>
/// <param name="InputType">What was judged: <c>text</c> or <c>image</c>.</param>
/// <param name="IsOneInput">Whether the inputs are parts of one: its scores are the highest of its parts'.</param>
internal sealed record ModerationScores(
    Guid Request, string Model, IReadOnlyList<string> Labels, bool Exclusive, IReadOnlyList<IReadOnlyList<double>> Scores,
    string InputType, bool IsOneInput);
