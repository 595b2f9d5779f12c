namespace Tollgate.Inference.Grammars.Schemas;

/// <summary>Decides whether alternatives certainly leave no value, to tell that two options of a <c>oneOf</c> exclude each other.</summary>
internal sealed class EmptyValues(SchemaExpander expander, StringLanguage strings, ValueCheck check)
{
    private const int MostDepth = 6;

    private int _depth;

    /// <summary>True is certain; false may only mean that it was not found out.</summary>
    public bool IsEmpty(Constraints constraints)
    {
        if (constraints.Allowed is { } allowed)
        {
            return !allowed.Any(value => check.Meets(value.Value, constraints with { Allowed = null }));
        }

        var types = constraints.Types;
        return (types & (ValueTypes.Null | ValueTypes.Boolean)) == ValueTypes.None
            && ((types & ValueTypes.Number) == ValueTypes.None || HasNoNumber(constraints, types & ValueTypes.Number))
            && (!types.HasFlag(ValueTypes.String) || strings.IsEmpty(constraints))
            && (!types.HasFlag(ValueTypes.Array) || HasNoArray(constraints))
            && (!types.HasFlag(ValueTypes.Object) || HasNoObject(constraints));
    }

    private bool HasNoNumber(Constraints constraints, ValueTypes types) =>
        constraints is { Low: not null, High: not null } && constraints.Multiples.Count == 0
        && new NumberLanguage(constraints, types, expander.Budget).Make().IsEmpty;

    private bool HasNoArray(Constraints constraints)
    {
        for (var at = 0; at < Math.Min(constraints.MinItems, ItemSchemas.PrefixLength(constraints) + 1); at++)
        {
            if (AllEmpty(ItemSchemas.At(constraints, at)))
            {
                return true;
            }
        }

        return false;
    }

    private bool HasNoObject(Constraints constraints)
    {
        var members = new MemberSchemas(constraints, strings, expander);
        return constraints.Required.Any(name => !members.AllowsName(name) || AllEmpty(members.Of(name)));
    }

    private bool AllEmpty(IReadOnlyList<SchemaNode> schemas)
    {
        if (_depth == MostDepth)
        {
            return false;
        }

        _depth++;
        try
        {
            return expander.ExpandAll(schemas).All(IsEmpty);
        }
        catch (SchemaException)
        {
            // It leads back to the schema that asks, or has a fault that is found when its own turn comes.
            return false;
        }
        finally
        {
            _depth--;
        }
    }
}
