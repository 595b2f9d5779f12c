using System.Text.Json;

namespace Tollgate.Testing;

/// <summary>
/// JSON Schemas of our own making, as clients send them: keyword by keyword, and those of tools and structured answers. They lie beside the
/// tests of the schemas in <c>Inference.Tests</c>; each line of a file is one entry.
/// </summary>
public static class SchemaCorpus
{
    private static readonly Lazy<IReadOnlyList<SchemaCase>> AllCases = new(() =>
        [.. Read<SchemaCase>("keywords"), .. Read<SchemaCase>("tools")]);

    private static readonly Lazy<IReadOnlyList<UnsupportedSchema>> AllUnsupported = new(() => Read<UnsupportedSchema>("unsupported"));

    /// <summary>More than 300 schemas that must be enforced.</summary>
    public static IReadOnlyList<SchemaCase> Cases => AllCases.Value;

    /// <summary>Schemas that must be refused, with the keyword that the message names.</summary>
    public static IReadOnlyList<UnsupportedSchema> Unsupported => AllUnsupported.Value;

    private static IReadOnlyList<T> Read<T>(string name)
    {
        var path = Path.Combine(SharedFiles.Repository, "tests", "Inference.Tests", "Grammars", "Schemas", "Corpus", $"{name}.json");
        return JsonSerializer.Deserialize<IReadOnlyList<T>>(File.ReadAllText(path), JsonSerializerOptions.Web)!;
    }
}

/// <summary>One schema with values that it allows and refuses.</summary>
/// <param name="Name">Unique within the corpus.</param>
/// <param name="Strict">Whether the schema keeps the rules of OpenAI's strict mode.</param>
public sealed record SchemaCase(
    string Name, JsonElement Schema, IReadOnlyList<JsonElement> Valid, IReadOnlyList<JsonElement> Invalid, bool Strict = false);

/// <summary>One schema that is refused.</summary>
/// <param name="Keyword">A word of the message.</param>
/// <param name="Path">Where in the schema the message places it.</param>
public sealed record UnsupportedSchema(string Name, JsonElement Schema, string Keyword, string Path);
