using System.Text.Json;
using System.Text.Json.Nodes;
using Json.Schema;

namespace Tollgate.Testing;

/// <summary>The schemas of the API's document as JSON schemas, to check real bodies against them.</summary>
internal sealed class BodySchemas
{
    private static readonly EvaluationOptions AllFaults = new() { OutputFormat = OutputFormat.List };
    private readonly Dictionary<string, JsonSchema> _read = new(StringComparer.Ordinal);
    private readonly JsonObject _definitions;

    /// <param name="document">Text of the document.</param>
    public BodySchemas(string document) => _definitions = JsonNode.Parse(
        document.Replace("#/components/schemas/", "#/$defs/", StringComparison.Ordinal))!["components"]!["schemas"]!.AsObject();

    /// <summary>What is wrong with a body by a schema of the document; empty for a valid one.</summary>
    /// <param name="schema">Name among the document's components.</param>
    public string Faults(string schema, JsonElement body)
    {
        if (!_read.TryGetValue(schema, out var read))
        {
            var whole = new JsonObject { ["$ref"] = $"#/$defs/{schema}", ["$defs"] = _definitions.DeepClone() };
            read = _read[schema] = JsonSchema.FromText(whole.ToJsonString());
        }

        var result = read.Evaluate(body, AllFaults);
        return result.IsValid
            ? ""
            : string.Join('\n', (result.Details ?? []).Where(detail => detail.Errors is not null).SelectMany(
                detail => detail.Errors!.Select(error => $"{schema} {detail.InstanceLocation}: {error.Key}: {error.Value}")))
                + $"\nin {body.GetRawText()}";
    }
}
