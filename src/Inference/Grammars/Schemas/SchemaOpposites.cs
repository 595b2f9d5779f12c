using System.Text.Json;
using static Tollgate.Inference.Grammars.Schemas.SchemaKeywords;

namespace Tollgate.Inference.Grammars.Schemas;

/// <summary>The alternatives of a value that a schema refuses: it breaks at least one keyword.</summary>
internal sealed class SchemaOpposites(
    SchemaDocument document, SchemaExpander expander, ConstraintReader reader, Alternatives alternatives)
{
    /// <summary>Keywords that make no alternative here: what breaks them is not the language of a grammar, or not yet.</summary>
    private static readonly string[] Firm =
    [
        "prefixItems", "additionalItems", "unevaluatedItems", "minContains", "maxContains", "patternProperties", "additionalProperties",
        "unevaluatedProperties", "propertyNames", "oneOf", "dependencies",
    ];

    /// <exception cref="SchemaException">A keyword cannot be turned around.</exception>
    public IReadOnlyList<Constraints> Expand(SchemaNode node)
    {
        var schema = document.Node(node.Element, node.Path);
        Refuse(schema);
        List<Constraints> broken = [.. Values(schema)];
        Bounds(schema, broken);
        Members(schema, broken);
        Combined(schema, broken);
        return broken;
    }

    private static void Refuse(SchemaNode schema)
    {
        foreach (var keyword in Firm)
        {
            if (Find(schema, keyword) is { } value && !IsVacuous(value))
            {
                throw new SchemaException(schema.Path, $"{keyword} is not supported under not, if or oneOf.");
            }
        }

        if (Find(schema, "uniqueItems") is { ValueKind: JsonValueKind.True })
        {
            throw new SchemaException(schema.Path, "uniqueItems is not supported under not, if or oneOf.");
        }

        if (Find(schema, "format") is { ValueKind: JsonValueKind.String } format && StringFormats.IsKnown(format.GetString()!))
        {
            throw new SchemaException(schema.Path, "format is not supported under not, if or oneOf.");
        }
    }

    /// <summary>True, an empty schema, or an empty object of schemas: nothing breaks it.</summary>
    private static bool IsVacuous(JsonElement value) => value.ValueKind == JsonValueKind.True
        || (value.ValueKind == JsonValueKind.Object && !value.EnumerateObject().Any());

    private static IEnumerable<Constraints> Values(SchemaNode schema)
    {
        var types = ValueTypes.All & ~ConstraintReader.Types(schema);
        if (types != ValueTypes.None)
        {
            yield return new Constraints { Path = schema.Path, Types = types };
        }

        if (ConstraintReader.Allowed(schema) is { } allowed)
        {
            yield return new Constraints { Path = schema.Path, Forbidden = [.. allowed.Select(item => item.Value)] };
        }
    }

    private void Bounds(SchemaNode schema, List<Constraints> broken)
    {
        var bare = new Constraints { Path = schema.Path };
        var own = reader.Read(schema) ?? throw new SchemaException(schema.Path, "Its bounds contradict each other.");
        var (number, text) = (bare with { Types = ValueTypes.Number }, bare with { Types = ValueTypes.String });
        var (array, members) = (bare with { Types = ValueTypes.Array }, bare with { Types = ValueTypes.Object });
        Add(own.Low is { } low ? number with { High = new NumberBound(low.Value, !low.Exclusive) } : null);
        Add(own.High is { } high ? number with { Low = new NumberBound(high.Value, !high.Exclusive) } : null);
        Add(own.MinLength > 0 ? text with { MaxLength = own.MinLength - 1 } : null);
        Add(own.MaxLength is { } length ? text with { MinLength = length + 1 } : null);
        Add(own.MinItems > 0 ? array with { MaxItems = own.MinItems - 1 } : null);
        Add(own.MaxItems is { } items ? array with { MinItems = items + 1 } : null);
        Add(own.MinProperties > 0 ? members with { MaxProperties = own.MinProperties - 1 } : null);
        Add(own.MaxProperties is { } most ? members with { MinProperties = most + 1 } : null);
        Add(own.Multiples.Count > 0 ? number with { Multiples = [own.Multiples[0] with { Negated = true }] } : null);
        Items(schema, broken, array);
        foreach (var pattern in own.Patterns)
        {
            Add(text with { Patterns = [pattern with { Negated = true }] });
        }

        void Add(Constraints? constraints)
        {
            if (constraints is not null)
            {
                broken.Add(constraints);
            }
        }
    }

    /// <summary>An item that breaks <c>items</c>, or none that meets <c>contains</c>.</summary>
    private void Items(SchemaNode schema, List<Constraints> broken, Constraints array)
    {
        if (Child(document, schema, "items") is { } items && !IsVacuous(items.Element))
        {
            broken.Add(items.Element.ValueKind == JsonValueKind.Array
                ? throw new SchemaException(schema.Path, "items as a list is not supported under not, if or oneOf.")
                : array with { Contains = [new ContainsPart(document.Opposite(items), 1, null, schema.Path, false)] });
        }

        if (Child(document, schema, "contains") is { } wanted)
        {
            broken.Add(array with { Arrays = [new ArrayPart([], document.Opposite(wanted))] });
        }
    }

    private void Members(SchemaNode schema, List<Constraints> broken)
    {
        var bare = new Constraints { Path = schema.Path, Types = ValueTypes.Object };
        if (Find(schema, "required") is { } required)
        {
            broken.AddRange(Strings(required, "required", schema.Path).Select(name => bare with { Absent = [name] }));
        }

        foreach (var (name, property) in SchemaKeywords.Members(document, schema, "properties"))
        {
            if (!IsVacuous(property.Element))
            {
                var part = new ObjectPart([(name, document.Opposite(property))], [], null);
                broken.Add(bare with { Required = [name], Objects = [part] });
            }
        }

        foreach (var (name, others) in SchemaKeywords.Members(document, schema, "dependentRequired"))
        {
            broken.AddRange(Strings(others.Element, "dependentRequired", schema.Path)
                .Where(other => other != name)
                .Select(other => bare with { Required = [name], Absent = [other] }));
        }

        foreach (var (name, other) in SchemaKeywords.Members(document, schema, "dependentSchemas"))
        {
            broken.AddRange(alternatives.Cross([bare with { Required = [name] }], expander.Expand(document.Opposite(other)), schema.Path));
        }
    }

    private void Combined(SchemaNode schema, List<Constraints> broken)
    {
        if (Find(schema, "$ref") is { } reference)
        {
            broken.AddRange(expander.Expand(document.Opposite(document.Resolve(reference, schema.Path))));
        }

        foreach (var part in List(document, schema, "allOf"))
        {
            broken.AddRange(expander.Expand(document.Opposite(part)));
        }

        var options = List(document, schema, "anyOf");
        if (options.Count > 0)
        {
            broken.AddRange(expander.ExpandAll([.. options.Select(document.Opposite)]));
        }

        if (Child(document, schema, "not") is { } refused)
        {
            broken.AddRange(expander.Expand(refused));
        }

        if (Child(document, schema, "if") is { } condition)
        {
            Branch(condition, Child(document, schema, "then"), broken);
            Branch(document.Opposite(condition), Child(document, schema, "else"), broken);
        }
    }

    private void Branch(SchemaNode condition, SchemaNode? branch, List<Constraints> broken)
    {
        if (branch is not null)
        {
            broken.AddRange(expander.ExpandAll([condition, document.Opposite(branch)]));
        }
    }
}
