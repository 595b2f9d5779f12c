using System.Text.Json;

namespace Tollgate.Inference.Tasks.Rerank;

/// <summary>A ranking to be written.</summary>
/// <param name="Results">The most relevant first.</param>
/// <param name="Documents">Texts by their place in the request; null to leave them out.</param>
/// <param name="Tokens">Tokens that were computed.</param>
internal sealed record RerankAnswer(
    Guid Request, string Model, IReadOnlyList<RankedDocument> Results, IReadOnlyList<string>? Documents, long Tokens);

/// <summary>The JSON of a ranking: Jina's members, and Cohere's <c>id</c> and <c>meta</c>.</summary>
internal static class RerankFormat
{
    public static void Write(Utf8JsonWriter json, RerankAnswer answer)
    {
        json.WriteStartObject();
        json.WriteString("id", $"req_{answer.Request:N}");
        json.WriteString("model", answer.Model);
        json.WriteStartArray("results");
        foreach (var result in answer.Results)
        {
            json.WriteStartObject();
            json.WriteNumber("index", result.Index);
            json.WriteNumber("relevance_score", result.Score);
            if (answer.Documents is not null)
            {
                json.WriteStartObject("document");
                json.WriteString("text", answer.Documents[result.Index]);
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartObject("usage");
        json.WriteNumber("prompt_tokens", answer.Tokens);
        json.WriteNumber("total_tokens", answer.Tokens);
        json.WriteEndObject();
        json.WriteStartObject("meta");
        json.WriteStartObject("api_version");
        json.WriteString("version", "2");
        json.WriteEndObject();
        WriteTokens(json, "billed_units", answer.Tokens);
        WriteTokens(json, "tokens", answer.Tokens);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteTokens(Utf8JsonWriter json, string name, long tokens)
    {
        json.WriteStartObject(name);
        json.WriteNumber("input_tokens", tokens);
        json.WriteEndObject();
    }
}
