using System.Text.Json;

namespace Tollgate.Inference.Grammars.Schemas;

/// <summary>Makes the rules of one schema. A set of schemas that a value must meet together is one rule, so recursion ends.</summary>
internal sealed class SchemaCompiler
{
    private readonly SchemaDocument _document;
    private readonly ValueCheck _check;
    private readonly FreeJson _free;
    private readonly List<GrammarNode> _rules = [];
    private readonly Dictionary<string, int> _values = new(StringComparer.Ordinal);
    private readonly Queue<(int Rule, IReadOnlyList<SchemaNode> Schemas)> _open = new();

    public SchemaCompiler(SchemaDocument document, GrammarBudget budget)
    {
        _document = document;
        Budget = budget;
        Strings = new StringLanguage(budget);
        Expander = new SchemaExpander(document, budget);
        _check = new ValueCheck(Expander, Strings);
        Expander.IsEmpty = new EmptyValues(Expander, Strings, _check).IsEmpty;
        _free = new FreeJson(this);
    }

    public GrammarBudget Budget { get; }

    public StringLanguage Strings { get; }

    public SchemaExpander Expander { get; }

    /// <summary>The rules of the document's schema; the first is that of a whole text.</summary>
    /// <exception cref="SchemaException">The schema is malformed or unsupported, or allows no value.</exception>
    public IReadOnlyList<GrammarNode> Compile()
    {
        var start = Reserve();
        Fill(start, Value([_document.Root]));
        while (_open.TryDequeue(out var open))
        {
            Fill(open.Rule, GrammarParts.Choice([.. Expander.ExpandAll(open.Schemas).Select(Alternative)]));
        }

        return GrammarTrim.Run(_rules) ?? throw new SchemaException("", "The schema is unsatisfiable: no value meets it.");
    }

    /// <summary>The rules of any JSON object.</summary>
    public IReadOnlyList<GrammarNode> CompileObject()
    {
        var start = Reserve();
        Fill(start, _free.Object());
        return GrammarTrim.Run(_rules)!;
    }

    public SchemaNode Opposite(SchemaNode node) => _document.Opposite(node);

    /// <summary>A value that meets all of several schemas.</summary>
    public GrammarNode Value(IReadOnlyList<SchemaNode> schemas)
    {
        List<SchemaNode> asked = [.. schemas.Where(schema => !AllowsAll(schema)).Distinct().OrderBy(schema => schema.Id)];
        if (asked.Count == 0)
        {
            return _free.Value();
        }

        var key = string.Join(',', asked.Select(schema => schema.Id));
        if (!_values.TryGetValue(key, out var rule))
        {
            _values[key] = rule = Reserve();
            _open.Enqueue((rule, asked));
        }

        return new GrammarNode.Rule(rule);
    }

    /// <summary>A rule of a node that is used in several places.</summary>
    public GrammarNode Rule(GrammarNode node)
    {
        if (node is GrammarNode.Rule)
        {
            return node;
        }

        var rule = Reserve();
        _rules[rule] = node;
        return new GrammarNode.Rule(rule);
    }

    /// <summary>A rule whose node is filled in later.</summary>
    /// <exception cref="SchemaException">There are too many rules.</exception>
    public int Reserve()
    {
        if (_rules.Count == SchemaLimits.Rules)
        {
            throw new SchemaException("", $"The schema needs more than {SchemaLimits.Rules} rules.");
        }

        Budget.Work(1);
        _rules.Add(GrammarParts.Nothing);
        return _rules.Count - 1;
    }

    public void Fill(int rule, GrammarNode node) => _rules[rule] = node;

    /// <summary>All values that meet schemas, or null where they are not listed.</summary>
    public IReadOnlyList<JsonElement>? FiniteValues(IReadOnlyList<SchemaNode> schemas)
    {
        var alternatives = Expander.ExpandAll(schemas);
        return alternatives.All(one => one.Allowed is not null)
            ? [.. alternatives.SelectMany(Allowed).DistinctBy(JsonValueText.Key)]
            : null;
    }

    /// <summary>One JSON value, its members in the order given.</summary>
    public GrammarNode ValueText(JsonElement value)
    {
        Budget.Work(1);
        return value.ValueKind switch
        {
            JsonValueKind.String => GrammarParts.Text(JsonValueText.Quoted(SchemaKeywords.Text(value, ""))),
            JsonValueKind.Number => GrammarParts.Text(JsonValueText.Number(value)),
            JsonValueKind.Object => Enclosed("{", "}", [.. value.EnumerateObject().Select(member => GrammarParts.Sequence(
                GrammarParts.Text(JsonValueText.Quoted(member.Name)), GrammarParts.Colon, ValueText(member.Value)))]),
            JsonValueKind.Array => Enclosed("[", "]", [.. value.EnumerateArray().Select(ValueText)]),
            _ => GrammarParts.Text(value.GetRawText()),
        };
    }

    private static bool AllowsAll(SchemaNode schema) => schema.Opposite
        ? schema.Element.ValueKind == JsonValueKind.False
        : schema.Element.ValueKind == JsonValueKind.True
            || (schema.Element.ValueKind == JsonValueKind.Object && !schema.Element.EnumerateObject().Any());

    private static GrammarNode Enclosed(string open, string close, IReadOnlyList<GrammarNode> items)
    {
        List<GrammarNode> parts = [GrammarParts.Text(open)];
        for (var at = 0; at < items.Count; at++)
        {
            parts.AddRange(at == 0 ? [items[at]] : [GrammarParts.Comma, items[at]]);
        }

        return GrammarParts.Sequence([.. parts, GrammarParts.Text(close)]);
    }

    private IEnumerable<JsonElement> Allowed(Constraints constraints) =>
        constraints.Allowed!.Select(allowed => allowed.Value).Where(value => _check.Meets(value, constraints with { Allowed = null }));

    private GrammarNode Alternative(Constraints constraints)
    {
        if (constraints.Allowed is not null)
        {
            return Listed([.. Allowed(constraints)]);
        }

        var types = constraints.Types;
        List<GrammarNode> options = [];
        foreach (var literal in (ReadOnlySpan<string>)["null", "true", "false"])
        {
            var type = literal == "null" ? ValueTypes.Null : ValueTypes.Boolean;
            if (types.HasFlag(type) && constraints.Forbidden.All(value => value.GetRawText() != literal))
            {
                options.Add(GrammarParts.Text(literal));
            }
        }

        if ((types & ValueTypes.Number) != ValueTypes.None)
        {
            var numbers = new NumberLanguage(constraints, types & ValueTypes.Number, Budget).Make();
            options.Add(numbers.IsEmpty ? GrammarParts.Nothing : new GrammarNode.Language(numbers));
        }

        options.AddRange(types.HasFlag(ValueTypes.String) ? [Strings.Make(constraints)] : []);
        if (types.HasFlag(ValueTypes.Array))
        {
            options.Add(new ArrayGrammar(this, WithoutForbidden(constraints, ValueTypes.Array)).Make());
        }

        if (types.HasFlag(ValueTypes.Object))
        {
            options.Add(new ObjectGrammar(this, WithoutForbidden(constraints, ValueTypes.Object)).Make());
        }

        return GrammarParts.Choice(options);
    }

    /// <summary>Refuses the empty array or object by its length; other values of these types cannot be refused one by one.</summary>
    private static Constraints WithoutForbidden(Constraints constraints, ValueTypes type)
    {
        foreach (var value in constraints.Forbidden.Where(value => ValueCheck.TypeOf(value) == type))
        {
            var isEmpty = type == ValueTypes.Array ? value.GetArrayLength() == 0 : !value.EnumerateObject().Any();
            if (!isEmpty)
            {
                throw new SchemaException(constraints.Path, "not: a single array or object cannot be excluded.");
            }

            constraints = type == ValueTypes.Array
                ? constraints with { MinItems = Math.Max(1, constraints.MinItems) }
                : constraints with { MinProperties = Math.Max(1, constraints.MinProperties) };
        }

        return constraints;
    }

    /// <summary>A choice of values; the strings among them share one automaton.</summary>
    private GrammarNode Listed(IReadOnlyList<JsonElement> values)
    {
        var texts = values.Where(value => value.ValueKind == JsonValueKind.String)
            .Select(value => (RegexNode)RegexNode.Text(JsonValueText.Quoted(SchemaKeywords.Text(value, "")))).ToList();
        List<GrammarNode> options = texts.Count > 1 ? [new GrammarNode.Language(Dfa.Of(new RegexNode.Choice(texts), Budget))] : [];
        options.AddRange(values.Where(value => texts.Count <= 1 || value.ValueKind != JsonValueKind.String).Select(ValueText));
        return GrammarParts.Choice(options);
    }
}
