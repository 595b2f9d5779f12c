using System.Text.Json;

namespace Tollgate.Inference.Tasks.Classification;

/// <summary>The JSON of <c>/predict</c>: number, name and score of the best label, and the explanation where one was asked for.</summary>
internal static class PredictFormat
{
    /// <param name="isList">Whether each member is a list.</param>
    public static void Write(Utf8JsonWriter json, ClassificationResult result, bool isList)
    {
        json.WriteStartObject();
        WriteMember(json, "label", result.Scores, isList, scores => json.WriteNumberValue(scores.Best));
        WriteMember(json, "label_name", result.Scores, isList, scores => json.WriteStringValue(scores.NameOf(scores.Best)));
        WriteMember(json, "score", result.Scores, isList, scores => json.WriteNumberValue(scores[scores.Best]));
        if (result.Explanations is { } explanations)
        {
            var labels = result.Scores[0].Classification.Labels;
            WriteMember(json, "explanation", explanations, isList, explanation => ExplanationFormat.Write(json, explanation, labels));
        }

        json.WriteEndObject();
    }

    private static void WriteMember<T>(Utf8JsonWriter json, string name, IReadOnlyList<T> values, bool isList, Action<T> write)
    {
        json.WritePropertyName(name);
        if (!isList)
        {
            write(values[0]);
            return;
        }

        json.WriteStartArray();
        foreach (var value in values)
        {
            write(value);
        }

        json.WriteEndArray();
    }
}
