using System.Text.Json;

namespace Tollgate.Inference.Tasks.Classification;

/// <summary>The JSON of <c>/predict</c>: number, name and score of the best label.</summary>
internal static class PredictFormat
{
    /// <param name="isList">Whether each member is a list.</param>
    public static void Write(Utf8JsonWriter json, ClassificationResult result, bool isList)
    {
        json.WriteStartObject();
        WriteMember(json, "label", result, isList, scores => json.WriteNumberValue(scores.Best));
        WriteMember(json, "label_name", result, isList, scores => json.WriteStringValue(scores.NameOf(scores.Best)));
        WriteMember(json, "score", result, isList, scores => json.WriteNumberValue(scores[scores.Best]));
        json.WriteEndObject();
    }

    private static void WriteMember(
        Utf8JsonWriter json, string name, ClassificationResult result, bool isList, Action<LabelScores> write)
    {
        json.WritePropertyName(name);
        if (!isList)
        {
            write(result.Scores[0]);
            return;
        }

        json.WriteStartArray();
        foreach (var scores in result.Scores)
        {
            write(scores);
        }

        json.WriteEndArray();
    }
}
