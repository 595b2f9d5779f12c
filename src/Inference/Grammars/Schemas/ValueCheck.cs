using System.Globalization;
using System.Text.Json;

namespace Tollgate.Inference.Grammars.Schemas;

/// <summary>Decides whether one value, such as one of an <c>enum</c>, meets a schema's other keywords.</summary>
internal sealed class ValueCheck(SchemaExpander expander, StringLanguage strings)
{
    /// <summary>Whether a value meets all of several schemas. True is certain; a value of a rare form may be refused.</summary>
    public bool Meets(JsonElement value, IReadOnlyList<SchemaNode> schemas) =>
        schemas.All(schema => expander.Expand(schema).Any(constraints => Meets(value, constraints)));

    public bool Meets(JsonElement value, Constraints constraints)
    {
        expander.Budget.Work(4);
        var type = TypeOf(value);
        var key = constraints.Allowed is null && constraints.Forbidden.Count == 0 ? "" : JsonValueText.Key(value);
        return (constraints.Types & type) != ValueTypes.None
            && (constraints.Allowed is null || constraints.Allowed.Any(allowed => allowed.Key == key))
            && constraints.Forbidden.All(forbidden => JsonValueText.Key(forbidden) != key)
            && type switch
            {
                ValueTypes.Integer or ValueTypes.Fraction => MeetsNumber(value, constraints),
                ValueTypes.String => MeetsText(SchemaKeywords.Text(value, constraints.Path), constraints),
                ValueTypes.Array => MeetsItems([.. value.EnumerateArray()], constraints),
                ValueTypes.Object => MeetsMembers([.. value.EnumerateObject()], constraints),
                _ => true,
            };
    }

    public static ValueTypes TypeOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => ValueTypes.Null,
        JsonValueKind.True or JsonValueKind.False => ValueTypes.Boolean,
        JsonValueKind.Number => ExactDecimal.TryParse(value.GetRawText(), out var number) && !number.IsInteger
            ? ValueTypes.Fraction
            : ValueTypes.Integer,
        JsonValueKind.String => ValueTypes.String,
        JsonValueKind.Array => ValueTypes.Array,
        _ => ValueTypes.Object,
    };

    private static bool MeetsNumber(JsonElement value, Constraints constraints)
    {
        if (!ExactDecimal.TryParse(value.GetRawText(), out var number)
            || !double.IsFinite(double.Parse(value.GetRawText(), CultureInfo.InvariantCulture)))
        {
            return false;
        }

        return (constraints.Low is not { } low || number > low.Value || (number == low.Value && !low.Exclusive))
            && (constraints.High is not { } high || number < high.Value || (number == high.Value && !high.Exclusive))
            && constraints.Multiples.All(multiple => number.IsMultipleOf(multiple.Step) != multiple.Negated);
    }

    private bool MeetsText(string text, Constraints constraints)
    {
        // Validators count code points or what a reader sees as one character: both must fit.
        var (runes, seen) = (text.EnumerateRunes().Count(), new StringInfo(text).LengthInTextElements);
        var fits = Math.Min(runes, seen) >= constraints.MinLength && !(Math.Max(runes, seen) > constraints.MaxLength);
        if (!fits || (constraints.Patterns.Count == 0 && !constraints.Formats.Any(StringFormats.IsKnown)))
        {
            return fits;
        }

        var rest = constraints with { MinLength = 0, MaxLength = null, Forbidden = [] };
        return strings.Content(rest).Accepts(JsonStrings.Content(text));
    }

    private bool MeetsItems(JsonElement[] items, Constraints constraints)
    {
        if (items.Length < constraints.MinItems || items.Length > constraints.MaxItems
            || (constraints.UniquePath is not null && items.DistinctBy(JsonValueText.Key).Count() < items.Length))
        {
            return false;
        }

        for (var at = 0; at < items.Length; at++)
        {
            if (!Meets(items[at], ItemSchemas.At(constraints, at)))
            {
                return false;
            }
        }

        foreach (var contains in constraints.Contains)
        {
            // A match is certain, its absence is not: an upper bound holds for certain only where all items may match.
            if (items.Count(item => Meets(item, [contains.Item])) < contains.Least || items.Length > contains.Most)
            {
                return false;
            }
        }

        return true;
    }

    private bool MeetsMembers(JsonProperty[] members, Constraints constraints)
    {
        var names = members.Select(member => member.Name).ToHashSet(StringComparer.Ordinal);
        if (names.Count < constraints.MinProperties || names.Count > constraints.MaxProperties
            || !constraints.Required.All(names.Contains) || constraints.Absent.Any(names.Contains))
        {
            return false;
        }

        var schemas = new MemberSchemas(constraints, strings, expander);
        return members.All(member => schemas.AllowsName(member.Name) && Meets(member.Value, schemas.Of(member.Name)));
    }
}
