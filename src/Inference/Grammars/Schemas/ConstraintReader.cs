using System.Text.Json;
using static Tollgate.Inference.Grammars.Schemas.SchemaKeywords;

namespace Tollgate.Inference.Grammars.Schemas;

/// <summary>Reads the keywords of one schema, except those that combine schemas: <see cref="SchemaExpander"/> reads these.</summary>
internal sealed class ConstraintReader(SchemaDocument document)
{
    /// <summary>What the keywords ask; null where they contradict each other.</summary>
    public Constraints? Read(SchemaNode node)
    {
        var constraints = new Constraints
        {
            Path = node.Path,
            Types = Types(node),
            Allowed = Allowed(node),
            Low = Bound(node, "minimum", "exclusiveMinimum", 1),
            High = Bound(node, "maximum", "exclusiveMaximum", -1),
            Multiples = Multiples(node),
            MinLength = Count(node, "minLength") ?? 0,
            MaxLength = Count(node, "maxLength"),
            Patterns = Find(node, "pattern") is { } pattern ? [new(String(pattern, "pattern", node), false, node.Path)] : [],
            Formats = Find(node, "format") is { } format ? [String(format, "format", node)] : [],
            Arrays = Arrays(node),
            MinItems = Count(node, "minItems") ?? 0,
            MaxItems = Count(node, "maxItems"),
            Contains = Contains(node),
            UniquePath = IsUnique(node) ? node.Path : null,
            Objects = Objects(node),
            Required = Find(node, "required") is { } required ? Strings(required, "required", node.Path) : [],
            Names = Child(document, node, "propertyNames") is { } names ? [names] : [],
            MinProperties = Count(node, "minProperties") ?? 0,
            MaxProperties = Count(node, "maxProperties"),
        };
        return constraints.WithoutImpossibleTypes();
    }

    /// <summary>The types that a schema names; all where it names none.</summary>
    public static ValueTypes Types(SchemaNode node)
    {
        if (Find(node, "type") is not { } type)
        {
            return ValueTypes.All;
        }

        if (type.ValueKind == JsonValueKind.String)
        {
            return TypeOf(type, node);
        }

        if (type.ValueKind != JsonValueKind.Array || type.GetArrayLength() == 0)
        {
            throw new SchemaException(node.Path, "type must be a type's name or a list of them.");
        }

        return type.EnumerateArray().Aggregate(ValueTypes.None, (types, name) => types | TypeOf(name, node));
    }

    /// <summary>The values of <c>const</c> and <c>enum</c>; null where the schema has neither.</summary>
    public static IReadOnlyList<(string Key, JsonElement Value)>? Allowed(SchemaNode node)
    {
        var one = Find(node, "const");
        if (Find(node, "enum") is not { } several)
        {
            return one is { } value ? [(JsonValueText.Key(value), value)] : null;
        }

        if (several.ValueKind != JsonValueKind.Array)
        {
            throw new SchemaException(node.Path, "enum must be a list of values.");
        }

        var values = several.EnumerateArray().Select(item => (JsonValueText.Key(item), item)).DistinctBy(item => item.Item1);
        return one is { } single ? [.. values.Where(item => item.Item1 == JsonValueText.Key(single))] : [.. values];
    }

    private static ValueTypes TypeOf(JsonElement name, SchemaNode node) => name.GetRawText() switch
    {
        "\"null\"" => ValueTypes.Null,
        "\"boolean\"" => ValueTypes.Boolean,
        "\"integer\"" => ValueTypes.Integer,
        "\"number\"" => ValueTypes.Number,
        "\"string\"" => ValueTypes.String,
        "\"array\"" => ValueTypes.Array,
        "\"object\"" => ValueTypes.Object,
        _ => throw new SchemaException(node.Path, $"type {name.GetRawText()} is no JSON type."),
    };

    private static NumberBound? Bound(SchemaNode node, string keyword, string exclusiveKeyword, int sign)
    {
        var inclusive = Number(node, keyword);
        if (Find(node, exclusiveKeyword) is { ValueKind: JsonValueKind.True or JsonValueKind.False } flag)
        {
            // Draft 4.
            return inclusive is { } bound ? new NumberBound(bound, flag.ValueKind == JsonValueKind.True) : null;
        }

        var exclusive = Number(node, exclusiveKeyword);
        if (inclusive is not { } first || exclusive is not { } second)
        {
            return inclusive is { } only ? new NumberBound(only, false) : exclusive is { } other ? new NumberBound(other, true) : null;
        }

        return second.CompareTo(first) * sign >= 0 ? new NumberBound(second, true) : new NumberBound(first, false);
    }

    private static IReadOnlyList<(ExactDecimal, bool, string)> Multiples(SchemaNode node)
    {
        if (Number(node, "multipleOf") is not { } step)
        {
            return [];
        }

        return step.Digits.Sign > 0 ? [(step, false, node.Path)] : throw new SchemaException(node.Path, "multipleOf must be above 0.");
    }

    private static string String(JsonElement value, string keyword, SchemaNode node) => value.ValueKind == JsonValueKind.String
        ? Text(value, node.Path)
        : throw new SchemaException(node.Path, $"{keyword} must be a string.");

    private static bool IsUnique(SchemaNode node) => Find(node, "uniqueItems")?.ValueKind switch
    {
        null or JsonValueKind.False => false,
        JsonValueKind.True => true,
        _ => throw new SchemaException(node.Path, "uniqueItems must be true or false."),
    };

    private IReadOnlyList<ArrayPart> Arrays(SchemaNode node)
    {
        var items = Find(node, "items");
        var prefix = List(document, node, "prefixItems");
        if (Find(node, "prefixItems") is not null && document.IsOldDraft == true)
        {
            throw new SchemaException(node.Path, "prefixItems is a keyword of draft 2020-12; $schema names an older one.");
        }

        if (items is { ValueKind: JsonValueKind.Array })
        {
            if (document.IsOldDraft == false || prefix.Count > 0)
            {
                throw new SchemaException(node.Path, "items as a list is a form of older drafts; draft 2020-12 calls it prefixItems.");
            }

            return [new ArrayPart(List(document, node, "items"), Child(document, node, "additionalItems"))];
        }

        return items is null && prefix.Count == 0 ? [] : [new ArrayPart(prefix, Child(document, node, "items"))];
    }

    private IReadOnlyList<ContainsPart> Contains(SchemaNode node)
    {
        if (Child(document, node, "contains") is not { } item)
        {
            return [];
        }

        // Older drafts have no minContains: an array without a match is refused there.
        var least = Math.Max(Count(node, "minContains") ?? 1, document.IsDraft7 ? 1 : 0);
        var most = Count(node, "maxContains");
        return least > SchemaLimits.LeastCount
            ? throw new SchemaException(node.Path, $"minContains above {SchemaLimits.LeastCount} is not supported.")
            : [new ContainsPart(
                item, (int)least, most is > SchemaLimits.MostCount ? null : (int?)most, node.Path, document.IsOldDraft != true)];
    }

    private IReadOnlyList<ObjectPart> Objects(SchemaNode node)
    {
        var properties = Members(document, node, "properties");
        var patterns = Members(document, node, "patternProperties");
        var rest = Child(document, node, "additionalProperties");
        return properties.Count == 0 && patterns.Count == 0 && rest is null ? [] : [new ObjectPart(properties, patterns, rest)];
    }
}
