using System.Text.Json;
using Json.Schema;

namespace Tollgate.Inference.Tests.Grammars.Schemas;

/// <summary>What JsonSchema.Net says of a text: draft 2020-12 where the schema names none, formats asserted.</summary>
internal sealed class SchemaValidator(JsonElement schema)
{
    private static readonly EvaluationOptions Options = new() { RequireFormatValidation = true };

    private readonly JsonSchema _schema = JsonSchema.FromText(
        schema.GetRawText(), new BuildOptions { SchemaRegistry = new SchemaRegistry(), Dialect = Dialect.Draft202012 });

    public bool Allows(JsonElement value) => _schema.Evaluate(value, Options).IsValid;

    /// <summary>Whether a text is JSON and valid.</summary>
    public bool Allows(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return Allows(document.RootElement);
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
