using System.Text.Json;

namespace Tollgate.Inference.Grammars.Schemas;

/// <summary>One end of a range of numbers.</summary>
internal readonly record struct NumberBound(ExactDecimal Value, bool Exclusive);

/// <summary>A regular expression that a text must match, or must not.</summary>
/// <param name="Path">Where it stands, for messages.</param>
internal sealed record TextPattern(string Pattern, bool Negated, string Path);

/// <summary>What one schema asks of an array's items.</summary>
/// <param name="Prefix">Schemas of the first items.</param>
/// <param name="Rest">Schema of the others; null allows any.</param>
/// <param name="Evaluates">Whether the schema counts as having looked at the items, for <c>unevaluatedItems</c>.</param>
internal sealed record ArrayPart(IReadOnlyList<SchemaNode> Prefix, SchemaNode? Rest, bool Evaluates = true);

/// <summary>How many of an array's items match a schema.</summary>
/// <param name="Most">Null is without an upper bound.</param>
/// <param name="Evaluates">Whether the items that match count as looked at, for <c>unevaluatedItems</c>.</param>
internal sealed record ContainsPart(SchemaNode Item, int Least, int? Most, string Path, bool Evaluates);

/// <summary>What one schema asks of an object's members.</summary>
/// <param name="Properties">In the order of the schema's text.</param>
/// <param name="Rest">Schema of members that are neither named nor matched; null allows any.</param>
/// <param name="Evaluates">Whether the schema counts as having looked at the members, for <c>unevaluatedProperties</c>.</param>
internal sealed record ObjectPart(
    IReadOnlyList<(string Name, SchemaNode Node)> Properties,
    IReadOnlyList<(string Pattern, SchemaNode Node)> Patterns,
    SchemaNode? Rest,
    bool Evaluates = true);

/// <summary>
/// What one alternative of a schema asks of a value: every keyword holds. A keyword of one type says nothing of the others.
/// </summary>
internal sealed record Constraints
{
    public static readonly Constraints None = new();

    /// <summary>Where the first keyword stands, for messages.</summary>
    public string Path { get; init; } = "";

    public ValueTypes Types { get; init; } = ValueTypes.All;

    /// <summary>The only values allowed, by <see cref="JsonValueText.Key"/>, in the schema's order; null allows any.</summary>
    public IReadOnlyList<(string Key, JsonElement Value)>? Allowed { get; init; }

    public IReadOnlyList<JsonElement> Forbidden { get; init; } = [];

    public NumberBound? Low { get; init; }

    public NumberBound? High { get; init; }

    public IReadOnlyList<(ExactDecimal Step, bool Negated, string Path)> Multiples { get; init; } = [];

    public long MinLength { get; init; }

    public long? MaxLength { get; init; }

    public IReadOnlyList<TextPattern> Patterns { get; init; } = [];

    public IReadOnlyList<string> Formats { get; init; } = [];

    public IReadOnlyList<ArrayPart> Arrays { get; init; } = [];

    public long MinItems { get; init; }

    public long? MaxItems { get; init; }

    public IReadOnlyList<ContainsPart> Contains { get; init; } = [];

    /// <summary>Where <c>uniqueItems</c> stands; null where items may be equal.</summary>
    public string? UniquePath { get; init; }

    public IReadOnlyList<ObjectPart> Objects { get; init; } = [];

    /// <summary>Names that an object must have, in the schema's order.</summary>
    public IReadOnlyList<string> Required { get; init; } = [];

    /// <summary>Names that an object must not have.</summary>
    public IReadOnlyList<string> Absent { get; init; } = [];

    public IReadOnlyList<SchemaNode> Names { get; init; } = [];

    public long MinProperties { get; init; }

    public long? MaxProperties { get; init; }

    /// <summary>What both ask.</summary>
    /// <returns>Null where no value can meet both, as far as a look at types, values and bounds tells.</returns>
    public static Constraints? Both(Constraints one, Constraints other)
    {
        var both = one with
        {
            Path = one == None ? other.Path : one.Path,
            Types = one.Types & other.Types,
            Allowed = Common(one.Allowed, other.Allowed),
            Forbidden = [.. one.Forbidden, .. other.Forbidden],
            Low = Tighter(one.Low, other.Low, 1),
            High = Tighter(one.High, other.High, -1),
            Multiples = [.. one.Multiples, .. other.Multiples],
            MinLength = Math.Max(one.MinLength, other.MinLength),
            MaxLength = Least(one.MaxLength, other.MaxLength),
            Patterns = [.. one.Patterns.Union(other.Patterns)],
            Formats = [.. one.Formats.Union(other.Formats)],
            Arrays = [.. one.Arrays, .. other.Arrays],
            MinItems = Math.Max(one.MinItems, other.MinItems),
            MaxItems = Least(one.MaxItems, other.MaxItems),
            Contains = [.. one.Contains, .. other.Contains],
            UniquePath = one.UniquePath ?? other.UniquePath,
            Objects = [.. one.Objects, .. other.Objects],
            Required = [.. one.Required.Union(other.Required)],
            Absent = [.. one.Absent.Union(other.Absent)],
            Names = [.. one.Names.Union(other.Names)],
            MinProperties = Math.Max(one.MinProperties, other.MinProperties),
            MaxProperties = Least(one.MaxProperties, other.MaxProperties),
        };
        return both.WithoutImpossibleTypes();
    }

    /// <summary>The same with no item and no member counted as looked at.</summary>
    public Constraints Unseen() => Arrays.Count + Contains.Count + Objects.Count == 0 ? this : this with
    {
        Arrays = [.. Arrays.Select(part => part with { Evaluates = false })],
        Contains = [.. Contains.Select(part => part with { Evaluates = false })],
        Objects = [.. Objects.Select(part => part with { Evaluates = false })],
    };

    /// <summary>The same without the types whose keywords contradict each other; null where none is left.</summary>
    public Constraints? WithoutImpossibleTypes()
    {
        var types = Types;
        if (Low is { } low && High is { } high
            && (low.Value > high.Value || (low.Value == high.Value && (low.Exclusive || high.Exclusive))))
        {
            types &= ~ValueTypes.Number;
        }

        types &= MinLength > MaxLength ? ~ValueTypes.String : ValueTypes.All;
        types &= MinItems > MaxItems ? ~ValueTypes.Array : ValueTypes.All;
        types &= MinProperties > MaxProperties || Required.Any(Absent.Contains) || Required.Count > MaxProperties
            ? ~ValueTypes.Object
            : ValueTypes.All;
        return types == ValueTypes.None || Allowed is { Count: 0 } ? null : types == Types ? this : this with { Types = types };
    }

    private static List<(string, JsonElement)>? Common(
        IReadOnlyList<(string Key, JsonElement Value)>? one, IReadOnlyList<(string Key, JsonElement Value)>? other)
    {
        if (one is null || other is null)
        {
            return (one ?? other)?.ToList();
        }

        var keys = other.Select(value => value.Key).ToHashSet(StringComparer.Ordinal);
        return [.. one.Where(value => keys.Contains(value.Key))];
    }

    private static NumberBound? Tighter(NumberBound? one, NumberBound? other, int sign)
    {
        if (one is not { } first || other is not { } second)
        {
            return one ?? other;
        }

        var order = first.Value.CompareTo(second.Value) * sign;
        return order == 0 ? first with { Exclusive = first.Exclusive || second.Exclusive } : order > 0 ? first : second;
    }

    private static long? Least(long? one, long? other) => one is null || other is null ? one ?? other : Math.Min(one.Value, other.Value);
}
