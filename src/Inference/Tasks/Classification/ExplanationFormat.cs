using System.Text.Json;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Inference.Tasks.Classification;

/// <summary>The JSON of an explanation.</summary>
internal static class ExplanationFormat
{
    /// <param name="labels">Names of the model's labels.</param>
    public static void Write(Utf8JsonWriter json, ScoreExplanation explanation, IReadOnlyList<string> labels)
    {
        var found = explanation.Found;
        var isLinear = found.Method == ExplanationMethod.Linear;
        json.WriteStartObject();
        json.WriteString("label", labels[found.Label]);
        json.WriteNumber("label_id", found.Label);
        json.WriteString("method", isLinear ? "linear" : "integrated_gradients");
        json.WriteString("quantity", isLinear ? "logit" : "probability");
        json.WriteNumber("score", found.Score);
        json.WriteNumber("baseline_score", found.Baseline);
        json.WriteNumber("steps", found.Steps);
        json.WriteNumber("error", found.Error);
        json.WriteStartArray("tokens");
        foreach (var token in explanation.Tokens)
        {
            json.WriteStartObject();
            json.WriteString("text", token.Text);
            json.WriteNumber("start", token.Span.Start);
            json.WriteNumber("end", token.Span.End);
            json.WriteNumber("attribution", token.Attribution);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }
}
