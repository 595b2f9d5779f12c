using System.Text.Json;

namespace Tollgate.Inference.Grammars.Schemas;

/// <summary>Which schemas an object's members must meet, by their names.</summary>
internal sealed class MemberSchemas(Constraints constraints, StringLanguage strings, SchemaExpander expander)
{
    private const int MostClasses = 64;

    private readonly ILookup<string, (ObjectPart Part, SchemaNode Node)> _properties = constraints.Objects
        .SelectMany(part => part.Properties.Select(property => (property.Name, Part: part, property.Node)))
        .ToLookup(property => property.Name, property => (property.Part, property.Node), StringComparer.Ordinal);

    private Dfa? _names;

    /// <summary>The names that the schema lists: those of <c>properties</c> in its order, then the other required ones.</summary>
    public IReadOnlyList<string> Listed { get; } =
        [.. constraints.Objects.SelectMany(part => part.Properties.Select(property => property.Name)).Concat(constraints.Required)
            .Distinct(StringComparer.Ordinal)];

    /// <summary>Whether <c>propertyNames</c> allows a name.</summary>
    public bool AllowsName(string name)
    {
        if (constraints.Names.Count == 0)
        {
            return true;
        }

        return Names().Accepts(JsonStrings.Content(name));
    }

    /// <summary>The schemas of a member with a name; all of them hold.</summary>
    public IReadOnlyList<SchemaNode> Of(string name)
    {
        List<SchemaNode> schemas = [];
        foreach (var part in constraints.Objects)
        {
            var found = schemas.Count;
            schemas.AddRange(_properties[name].Where(property => ReferenceEquals(property.Part, part)).Select(property => property.Node));
            schemas.AddRange(part.Patterns.Where(pattern => Matches(pattern.Pattern, name)).Select(pattern => pattern.Node));
            if (schemas.Count == found && part.Rest is not null)
            {
                schemas.Add(part.Rest);
            }
        }

        return schemas;
    }

    /// <summary>
    /// The names that the schema does not list, in classes whose members must meet the same schemas: what may stand between the quotes, and
    /// the schemas.
    /// </summary>
    /// <exception cref="SchemaException">There are too many patterns.</exception>
    public IReadOnlyList<(Dfa Names, IReadOnlyList<SchemaNode> Schemas)> Unlisted()
    {
        var budget = expander.Budget;
        string[] patterns = [.. constraints.Objects.SelectMany(part => part.Patterns.Select(pattern => pattern.Pattern))
            .Distinct(StringComparer.Ordinal)];
        if (patterns.Length == 0 && Refuses(SchemasOf([])))
        {
            return [];
        }

        var all = constraints.Names.Count > 0 ? Names()
            : patterns.Length > 0 ? StringLanguage.PlainText
            : StringLanguage.AnyName;
        var taken = Listed.Concat(constraints.Absent).Distinct(StringComparer.Ordinal).Select(JsonStrings.Text).ToList();
        all = taken.Count == 0 ? all : all.Except(Dfa.Of(new RegexNode.Choice(taken), budget), budget);
        List<(Dfa Names, IReadOnlyList<string> Matched)> classes = [(all, [])];
        foreach (var pattern in patterns)
        {
            var language = strings.Pattern(pattern, constraints.Path);
            classes = [.. classes.SelectMany(one => new (Dfa, IReadOnlyList<string>)[]
            {
                (one.Names.Intersect(language, budget), [.. one.Matched, pattern]),
                (one.Names.Except(language, budget), one.Matched),
            }).Where(one => !one.Item1.IsEmpty)];
            if (classes.Count > MostClasses)
            {
                throw new SchemaException(constraints.Path, $"patternProperties: more than {MostClasses} combinations of its patterns.");
            }
        }

        return [.. classes.Select(one => (one.Names, SchemasOf(one.Matched))).Where(one => !one.Names.IsEmpty && !Refuses(one.Item2))];
    }

    private static bool Refuses(List<SchemaNode> schemas) => schemas.Any(schema =>
        schema.Element.ValueKind == (schema.Opposite ? JsonValueKind.True : JsonValueKind.False));

    private List<SchemaNode> SchemasOf(IReadOnlyList<string> matched)
    {
        List<SchemaNode> schemas = [];
        foreach (var part in constraints.Objects)
        {
            var found = part.Patterns.Where(pattern => matched.Contains(pattern.Pattern)).Select(pattern => pattern.Node).ToList();
            schemas.AddRange(found);
            if (found.Count == 0 && part.Rest is not null)
            {
                schemas.Add(part.Rest);
            }
        }

        return schemas;
    }

    private bool Matches(string pattern, string name) => JsonStrings.IsPlain(name)
        ? strings.Pattern(pattern, constraints.Path).Accepts(JsonStrings.Content(name))
        : throw new SchemaException(
            constraints.Path, $"patternProperties cannot be decided for the name '{name}', which has unusual characters.");

    /// <summary>The names that <c>propertyNames</c> allows.</summary>
    private Dfa Names()
    {
        if (_names is not null)
        {
            return _names;
        }

        var budget = expander.Budget;
        Dfa? names = null;
        foreach (var alternative in expander.ExpandAll(constraints.Names).Where(one => one.Types.HasFlag(ValueTypes.String)))
        {
            var content = strings.Content(alternative with { Allowed = null });
            if (alternative.Allowed is { } allowed)
            {
                var texts = allowed.Where(value => value.Value.ValueKind == JsonValueKind.String)
                    .Select(value => JsonStrings.Text(SchemaKeywords.Text(value.Value, constraints.Path))).ToList();
                content = content.Intersect(Dfa.Of(new RegexNode.Choice(texts), budget), budget);
            }

            names = names is null ? content : names.Union(content, budget);
        }

        return _names = names ?? Dfa.Of(new RegexNode.CharSet([]), budget);
    }
}
