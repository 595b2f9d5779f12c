using System.Text.Json;
using static Tollgate.Inference.Grammars.Schemas.SchemaKeywords;

namespace Tollgate.Inference.Grammars.Schemas;

/// <summary>
/// The rules that OpenAI documents for schemas in strict mode (guide <i>Structured Outputs</i>, section <i>Supported schemas</i>): they
/// keep a schema free of optional and surprising members. Keywords beyond OpenAI's are allowed where they can be enforced.
/// </summary>
internal sealed class StrictRules(SchemaDocument document)
{
    private const int MostProperties = 5_000;
    private const int MostLevels = 10;
    private const int MostCharacters = 120_000;
    private const int MostEnumValues = 1_000;
    private const int LongEnum = 250;
    private const int MostLongEnumCharacters = 15_000;

    private int _properties;
    private int _characters;
    private int _enumValues;

    /// <exception cref="SchemaException">A rule is broken; the message has its place.</exception>
    public void Check()
    {
        var root = document.Root;
        SchemaKeywords.Check(root);
        if (root.Element.ValueKind != JsonValueKind.Object || Find(root, "anyOf") is not null || !IsObject(root))
        {
            var keyword = root.Element.ValueKind == JsonValueKind.Object && Find(root, "anyOf") is not null ? "not anyOf" : "type object";
            throw new SchemaException("", $"strict: the root must be {keyword} at the top.");
        }

        Visit(root, 0);
    }

    private static bool IsObject(SchemaNode node) =>
        Find(node, "type") is { ValueKind: JsonValueKind.String } type ? type.GetString() == "object" : Find(node, "$ref") is not null;

    private void Visit(SchemaNode node, int level)
    {
        if (node.Element.ValueKind != JsonValueKind.Object)
        {
            return;
        }

        SchemaKeywords.Check(node);
        CheckEnum(node);
        var types = ConstraintReader.Types(node);
        var isObject = (Find(node, "type") is not null && types.HasFlag(ValueTypes.Object)) || Find(node, "properties") is not null;
        if (isObject)
        {
            CheckObject(node, ++level);
        }

        foreach (var keyword in (ReadOnlySpan<string>)["properties", "patternProperties", "$defs", "definitions", "dependentSchemas"])
        {
            foreach (var (name, child) in Members(document, node, keyword))
            {
                Count(ref _characters, name.Length, MostCharacters, node.Path, "characters of names and enum values");
                Visit(child, keyword is "$defs" or "definitions" ? 0 : level);
            }
        }

        foreach (var keyword in (ReadOnlySpan<string>)["anyOf", "allOf", "oneOf", "prefixItems"])
        {
            foreach (var child in List(document, node, keyword))
            {
                Visit(child, level);
            }
        }

        ReadOnlySpan<string> single = ["items", "additionalItems", "contains", "not", "if", "then", "else", "propertyNames"];
        foreach (var keyword in single)
        {
            if (Child(document, node, keyword) is { } child)
            {
                Visit(child, level);
            }
        }
    }

    private void CheckObject(SchemaNode node, int level)
    {
        if (level > MostLevels)
        {
            throw new SchemaException(node.Path, $"strict: objects are nested more than {MostLevels} levels deep.");
        }

        if (Find(node, "additionalProperties") is not { ValueKind: JsonValueKind.False })
        {
            throw new SchemaException(node.Path, "strict: additionalProperties must be given and false in every object.");
        }

        var names = Members(document, node, "properties").Select(property => property.Name).ToList();
        Count(ref _properties, names.Count, MostProperties, node.Path, "properties");
        var required = Find(node, "required") is { } value ? Strings(value, "required", node.Path) : [];
        var missing = names.Except(required, StringComparer.Ordinal).FirstOrDefault();
        if (missing is not null)
        {
            throw new SchemaException(node.Path, $"strict: required must list every property; '{missing}' is missing.");
        }

        var unknown = required.Except(names, StringComparer.Ordinal).FirstOrDefault();
        if (unknown is not null)
        {
            throw new SchemaException(node.Path, $"strict: required lists '{unknown}', which is no property.");
        }
    }

    private void CheckEnum(SchemaNode node)
    {
        if (Find(node, "const") is { ValueKind: JsonValueKind.String } one)
        {
            Count(ref _characters, Text(one, node.Path).Length, MostCharacters, node.Path, "characters of names and enum values");
        }

        if (Find(node, "enum") is not { ValueKind: JsonValueKind.Array } values)
        {
            return;
        }

        Count(ref _enumValues, values.GetArrayLength(), MostEnumValues, node.Path, "enum values");
        var length = values.EnumerateArray().Where(value => value.ValueKind == JsonValueKind.String)
            .Sum(value => Text(value, node.Path).Length);
        Count(ref _characters, length, MostCharacters, node.Path, "characters of names and enum values");
        if (values.GetArrayLength() > LongEnum && length > MostLongEnumCharacters)
        {
            throw new SchemaException(node.Path,
                $"strict: an enum of more than {LongEnum} values may have at most {MostLongEnumCharacters} characters.");
        }
    }

    private static void Count(ref int total, int more, int most, string path, string what)
    {
        total += more;
        if (total > most)
        {
            throw new SchemaException(path, $"strict: the schema has more than {most} {what}.");
        }
    }
}
