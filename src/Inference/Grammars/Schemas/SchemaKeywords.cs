using System.Collections.Frozen;
using System.Text.Json;

namespace Tollgate.Inference.Grammars.Schemas;

/// <summary>Which keywords are enforced, which change nothing, and how their values are read.</summary>
internal static class SchemaKeywords
{
    private const long MostCount = 1L << 62;

    /// <summary>Keywords that describe and never refuse a value, and places for schemas that others refer to.</summary>
    public static readonly FrozenSet<string> Annotations = FrozenSet.Create(StringComparer.Ordinal,
        "title", "description", "default", "example", "examples", "$comment", "deprecated", "readOnly", "writeOnly", "contentEncoding",
        "contentMediaType", "contentSchema", "$schema", "$id", "$anchor", "$dynamicAnchor", "$vocabulary", "$defs", "definitions",
        "discriminator", "externalDocs", "xml", "enumNames", "enumDescriptions", "markdownDescription");

    /// <summary>Keywords that are enforced.</summary>
    public static readonly FrozenSet<string> Enforced = FrozenSet.Create(StringComparer.Ordinal,
        "type", "enum", "const", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength",
        "pattern", "format", "items", "prefixItems", "additionalItems", "unevaluatedItems", "minItems", "maxItems", "uniqueItems",
        "contains", "minContains", "maxContains", "properties", "patternProperties", "additionalProperties", "unevaluatedProperties",
        "required", "propertyNames", "minProperties", "maxProperties", "dependentRequired", "dependentSchemas", "dependencies",
        "allOf", "anyOf", "oneOf", "not", "if", "then", "else", "$ref");

    /// <summary>Checks that every keyword of a schema is known.</summary>
    /// <exception cref="SchemaException">It is no schema, or holds a keyword that is neither enforced nor an annotation.</exception>
    public static void Check(SchemaNode node)
    {
        if (node.Element.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            return;
        }

        if (node.Element.ValueKind != JsonValueKind.Object)
        {
            throw new SchemaException(node.Path, "A schema must be an object, true or false.");
        }

        foreach (var keyword in node.Element.EnumerateObject())
        {
            var known = Enforced.Contains(keyword.Name) || Annotations.Contains(keyword.Name)
                || keyword.Name.StartsWith("x-", StringComparison.Ordinal)
                || keyword is { Name: "nullable", Value.ValueKind: JsonValueKind.False };
            if (!known)
            {
                throw new SchemaException(node.Path, $"The keyword '{keyword.Name}' is not supported.");
            }
        }
    }

    /// <summary>A keyword's value, or null where the schema lacks the keyword.</summary>
    public static JsonElement? Find(SchemaNode node, string keyword) =>
        node.Element.TryGetProperty(keyword, out var value) ? value : null;

    /// <summary>A count of characters, items or members: 0 or more, such as 2 or 2.0.</summary>
    /// <returns>Null where the schema lacks the keyword; at most 2^62.</returns>
    public static long? Count(SchemaNode node, string keyword)
    {
        if (Find(node, keyword) is not { } value)
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.Number || !ExactDecimal.TryParse(value.GetRawText(), out var count)
            || !count.IsInteger || count.Digits.Sign < 0)
        {
            throw new SchemaException(node.Path, $"{keyword} must be an integer of 0 or more.");
        }

        return count.Digits > MostCount ? MostCount : (long)count.Digits;
    }

    /// <summary>A keyword's exact number, or null where the schema lacks the keyword.</summary>
    public static ExactDecimal? Number(SchemaNode node, string keyword)
    {
        if (Find(node, keyword) is not { } value)
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.Number && ExactDecimal.TryParse(value.GetRawText(), out var number)
            ? number
            : throw new SchemaException(node.Path, $"{keyword} must be a number of at most 400 digits.");
    }

    /// <summary>A list of names.</summary>
    public static IReadOnlyList<string> Strings(JsonElement value, string keyword, string path) =>
        value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String)
            ? [.. value.EnumerateArray().Select(item => Text(item, path)).Distinct(StringComparer.Ordinal)]
            : throw new SchemaException(path, $"{keyword} must be a list of strings.");

    /// <summary>A string's text.</summary>
    /// <exception cref="SchemaException">It holds half a surrogate pair, which no UTF-8 text can hold.</exception>
    public static string Text(JsonElement value, string path)
    {
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw new SchemaException(path, "A string holds half a surrogate pair.");
        }
    }

    /// <summary>The member of an object-valued keyword, each a schema.</summary>
    public static IReadOnlyList<(string Name, SchemaNode Node)> Members(SchemaDocument document, SchemaNode node, string keyword)
    {
        if (Find(node, keyword) is not { } value)
        {
            return [];
        }

        if (value.ValueKind != JsonValueKind.Object)
        {
            throw new SchemaException(node.Path, $"{keyword} must be an object.");
        }

        var path = SchemaDocument.Join(node.Path, keyword);
        return [.. value.EnumerateObject().Select(member =>
            (member.Name, document.Node(member.Value, SchemaDocument.Join(path, member.Name))))];
    }

    /// <summary>The schemas of a list-valued keyword.</summary>
    public static IReadOnlyList<SchemaNode> List(SchemaDocument document, SchemaNode node, string keyword)
    {
        if (Find(node, keyword) is not { } value)
        {
            return [];
        }

        if (value.ValueKind != JsonValueKind.Array)
        {
            throw new SchemaException(node.Path, $"{keyword} must be a list of schemas.");
        }

        var path = SchemaDocument.Join(node.Path, keyword);
        return [.. value.EnumerateArray().Select((item, at) => document.Node(item, SchemaDocument.Join(path, $"{at}")))];
    }

    /// <summary>The schema of a keyword, or null where the schema lacks the keyword.</summary>
    public static SchemaNode? Child(SchemaDocument document, SchemaNode node, string keyword) =>
        Find(node, keyword) is { } value ? document.Node(value, SchemaDocument.Join(node.Path, keyword)) : null;
}
