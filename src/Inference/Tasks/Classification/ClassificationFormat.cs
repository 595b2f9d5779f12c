using System.Text.Json;

namespace Tollgate.Inference.Tasks.Classification;

/// <summary>The JSON of <c>/v1/classifications</c>.</summary>
internal static class ClassificationFormat
{
    /// <param name="scored">Labels to write with their scores for each input; null for none beside the best.</param>
    public static void Write(Utf8JsonWriter json, ClassificationResult result, int? scored)
    {
        json.WriteStartObject();
        json.WriteString("object", "list");
        json.WriteStartArray("data");
        for (var index = 0; index < result.Scores.Count; index++)
        {
            json.WriteStartObject();
            json.WriteString("object", "classification");
            json.WriteNumber("index", index);
            WriteLabel(json, result.Scores[index], result.Scores[index].Best);
            if (scored is { } count)
            {
                WriteScores(json, result.Scores[index], count);
            }

            if (result.Explanations is { } explanations)
            {
                json.WritePropertyName("explanation");
                ExplanationFormat.Write(json, explanations[index], result.Scores[index].Classification.Labels);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteString("model", result.Model);
        json.WriteStartObject("usage");
        json.WriteNumber("prompt_tokens", result.Tokens);
        json.WriteNumber("total_tokens", result.Tokens);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteScores(Utf8JsonWriter json, LabelScores scores, int count)
    {
        json.WriteStartArray("scores");
        foreach (var label in scores.Top(count))
        {
            json.WriteStartObject();
            WriteLabel(json, scores, label);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteLabel(Utf8JsonWriter json, LabelScores scores, int label)
    {
        json.WriteString("label", scores.NameOf(label));
        json.WriteNumber("label_id", label);
        json.WriteNumber("score", scores[label]);
    }
}
