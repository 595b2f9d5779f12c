using System.Text.Json;
using static Tollgate.Inference.Grammars.Schemas.SchemaKeywords;

namespace Tollgate.Inference.Grammars.Schemas;

/// <summary>
/// Turns a schema into alternatives that hold no keyword which combines schemas: a value is valid if it meets one of them. Where that
/// cannot be exact, an alternative is left out, never one added.
/// </summary>
internal sealed class SchemaExpander
{
    private readonly SchemaDocument _document;
    private readonly ConstraintReader _reader;
    private readonly SchemaOpposites _opposites;
    private readonly Alternatives _alternatives;
    private readonly Dictionary<int, IReadOnlyList<Constraints>> _known = [];
    private readonly HashSet<int> _open = [];

    public SchemaExpander(SchemaDocument document, GrammarBudget budget)
    {
        _document = document;
        _reader = new ConstraintReader(document);
        _alternatives = new Alternatives(budget);
        _opposites = new SchemaOpposites(document, this, _reader, _alternatives);
        Budget = budget;
    }

    public GrammarBudget Budget { get; }

    /// <summary>Decides whether alternatives leave no value; set by the one that knows the languages.</summary>
    public Func<Constraints, bool>? IsEmpty { get; set; }

    /// <summary>The alternatives of one schema.</summary>
    /// <exception cref="SchemaException">A keyword is malformed or unsupported, or the schema is defined by itself.</exception>
    public IReadOnlyList<Constraints> Expand(SchemaNode node)
    {
        if (_known.TryGetValue(node.Id, out var known))
        {
            return known;
        }

        if (!_open.Add(node.Id))
        {
            throw new SchemaException(node.Path, "$ref leads back to the same schema without a member or an item between.");
        }

        try
        {
            GrammarBudget.CheckDepth();
            Budget.Work(1);
            return _known[node.Id] = node.Options.Count > 0 ? ExpandUnion(node) : ExpandOne(node);
        }
        finally
        {
            _open.Remove(node.Id);
        }
    }

    /// <summary>The alternatives of a value that must meet several schemas.</summary>
    public IReadOnlyList<Constraints> ExpandAll(IReadOnlyList<SchemaNode> nodes)
    {
        if (nodes.Count == 0)
        {
            return [Constraints.None];
        }

        var alternatives = Expand(nodes[0]);
        foreach (var node in nodes.Skip(1))
        {
            alternatives = _alternatives.Cross(alternatives, Expand(node), node.Path);
        }

        return alternatives;
    }

    private IReadOnlyList<Constraints> ExpandUnion(SchemaNode node) => node.Opposite
        ? ExpandAll([.. node.Options.Select(_document.Opposite)])
        : [.. node.Options.SelectMany(Expand)];

    /// <summary>What a schema refuses counts as not looked at, whatever stands within it.</summary>
    private IReadOnlyList<Constraints> ExpandOne(SchemaNode node)
    {
        Check(node);
        return node.Element.ValueKind == JsonValueKind.Object
            ? node.Opposite ? [.. _opposites.Expand(node).Select(one => one.Unseen())] : ExpandKeywords(node)
            : node.Element.ValueKind == JsonValueKind.True == node.Opposite ? [] : [Constraints.None];
    }

    private IReadOnlyList<Constraints> ExpandKeywords(SchemaNode node)
    {
        IReadOnlyList<Constraints> cases = _reader.Read(node) is { } own ? [own] : [];
        if (Find(node, "$ref") is { } reference)
        {
            cases = And(cases, Expand(_document.Resolve(reference, node.Path)), node);
        }

        foreach (var part in List(_document, node, "allOf"))
        {
            cases = And(cases, Expand(part), node);
        }

        if (Find(node, "anyOf") is not null)
        {
            cases = And(cases, [.. Options(node, "anyOf").SelectMany(Expand)], node);
        }

        if (Find(node, "oneOf") is not null)
        {
            cases = OneOf(cases, Options(node, "oneOf"), node);
        }

        if (Child(_document, node, "not") is { } refused)
        {
            cases = And(cases, Expand(_document.Opposite(refused)), node);
        }

        cases = Conditions(cases, node);
        return Unevaluated(Dependencies(cases, node), node);
    }

    private List<Constraints> And(IReadOnlyList<Constraints> one, IReadOnlyList<Constraints> other, SchemaNode node) =>
        _alternatives.Cross(one, other, node.Path);

    private IReadOnlyList<SchemaNode> Options(SchemaNode node, string keyword) => List(_document, node, keyword) is { Count: > 0 } options
        ? options
        : throw new SchemaException(node.Path, $"{keyword} must not be empty.");

    /// <summary>Exactly one of the options: a plain choice where no value meets two of them, else each option without the others.</summary>
    private List<Constraints> OneOf(IReadOnlyList<Constraints> cases, IReadOnlyList<SchemaNode> options, SchemaNode node)
    {
        var expanded = options.Select(Expand).ToList();
        if (FindOverlap(cases, expanded, node) is not { } overlap)
        {
            return And(cases, [.. expanded.SelectMany(option => option)], node);
        }

        try
        {
            List<Constraints> exact = [];
            for (var at = 0; at < options.Count; at++)
            {
                var alone = expanded[at];
                for (var other = 0; other < options.Count; other++)
                {
                    alone = other == at ? alone : And(alone, Expand(_document.Opposite(options[other])), node);
                }

                exact.AddRange(alone);
            }

            return And(cases, exact, node);
        }
        catch (SchemaException exception)
        {
            var both = $"option {overlap.First} and option {overlap.Second}";
            throw new SchemaException(
                node.Path, $"oneOf: a value may meet both {both}, and that cannot be excluded ({exception.Message})");
        }
    }

    private (int First, int Second)? FindOverlap(
        IReadOnlyList<Constraints> cases, List<IReadOnlyList<Constraints>> options, SchemaNode node)
    {
        if (AreDifferentValues(options))
        {
            return null;
        }

        for (var first = 0; first < options.Count; first++)
        {
            var within = cases.Count == 1 ? And(cases, options[first], node) : options[first];
            for (var second = first + 1; second < options.Count; second++)
            {
                if (And(within, options[second], node).Exists(both => IsEmpty?.Invoke(both) != true))
                {
                    return (first, second);
                }
            }
        }

        return null;
    }

    /// <summary>Whether all options list their values and none is listed twice, found without comparing each pair.</summary>
    private static bool AreDifferentValues(List<IReadOnlyList<Constraints>> options)
    {
        var keys = new HashSet<string>(StringComparer.Ordinal);
        return options.TrueForAll(option => option.All(one => one.Allowed is not null)
            && option.SelectMany(one => one.Allowed!.Select(value => value.Key)).Distinct(StringComparer.Ordinal).All(keys.Add));
    }

    private IReadOnlyList<Constraints> Conditions(IReadOnlyList<Constraints> cases, SchemaNode node)
    {
        if (Child(_document, node, "if") is not { } condition)
        {
            return cases;
        }

        var then = Child(_document, node, "then");
        var otherwise = Child(_document, node, "else");
        if (then is null && otherwise is null)
        {
            return cases;
        }

        var met = then is null ? Expand(condition) : And(Expand(condition), Expand(then), node);
        var unmet = Expand(_document.Opposite(condition));
        return And(cases, [.. met, .. otherwise is null ? unmet : And(unmet, Expand(otherwise), node)], node);
    }

    private IReadOnlyList<Constraints> Dependencies(IReadOnlyList<Constraints> cases, SchemaNode node)
    {
        foreach (var keyword in (ReadOnlySpan<string>)["dependentRequired", "dependentSchemas", "dependencies"])
        {
            foreach (var (name, dependency) in Members(_document, node, keyword))
            {
                var present = Constraints.None with { Path = node.Path, Types = ValueTypes.Object, Required = [name] };
                IReadOnlyList<Constraints> asked = dependency.Element.ValueKind == JsonValueKind.Array && keyword != "dependentSchemas"
                    ? [Constraints.None with { Path = node.Path, Required = Strings(dependency.Element, keyword, node.Path) }]
                    : keyword == "dependentRequired"
                        ? throw new SchemaException(node.Path, "dependentRequired must hold lists of names.")
                        : Expand(dependency);
                List<Constraints> either =
                [
                    Constraints.None with { Path = node.Path, Absent = [name] },
                    .. And([present], asked, node),
                ];
                cases = And(cases, either, node);
            }
        }

        return cases;
    }

    /// <summary>An item that <c>contains</c> matches counts as looked at.</summary>
    private SchemaNode Unlooked(Constraints one, SchemaNode items)
    {
        List<SchemaNode> matched = [.. one.Contains.Where(part => part.Evaluates).Select(part => part.Item).Distinct()];
        return matched.Count == 0 ? items : _document.Union([.. matched, items], items.Path);
    }

    /// <summary>What no keyword of this schema or of those within it has looked at must meet <c>unevaluated…</c>.</summary>
    private IReadOnlyList<Constraints> Unevaluated(IReadOnlyList<Constraints> cases, SchemaNode node)
    {
        if (Child(_document, node, "unevaluatedProperties") is { } properties)
        {
            cases = [.. cases.Select(one => one.Objects.Any(part => part is { Evaluates: true, Rest: not null })
                ? one
                : one with { Objects = [.. one.Objects, new ObjectPart(
                    [.. one.Objects.Where(part => part.Evaluates).SelectMany(part => part.Properties)],
                    [.. one.Objects.Where(part => part.Evaluates).SelectMany(part => part.Patterns)], properties)] })];
        }

        if (Child(_document, node, "unevaluatedItems") is { } items)
        {
            cases = [.. cases.Select(one => one.Arrays.Any(part => part is { Evaluates: true, Rest: not null })
                ? one
                : one with { Arrays = [.. one.Arrays, new ArrayPart(
                    one.Arrays.Where(part => part.Evaluates).MaxBy(part => part.Prefix.Count)?.Prefix ?? [],
                    Unlooked(one, items))] })];
        }

        return cases;
    }
}
