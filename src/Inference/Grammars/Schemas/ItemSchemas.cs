namespace Tollgate.Inference.Grammars.Schemas;

/// <summary>Which schemas an array's items must meet.</summary>
internal static class ItemSchemas
{
    /// <summary>Number of items with a schema of their own.</summary>
    public static int PrefixLength(Constraints constraints) => constraints.Arrays.Select(part => part.Prefix.Count).DefaultIfEmpty().Max();

    /// <summary>The schemas of the item at a position; all of them hold.</summary>
    public static IReadOnlyList<SchemaNode> At(Constraints constraints, int position)
    {
        List<SchemaNode> schemas = [];
        foreach (var part in constraints.Arrays)
        {
            if (position < part.Prefix.Count)
            {
                schemas.Add(part.Prefix[position]);
            }
            else if (part.Rest is not null)
            {
                schemas.Add(part.Rest);
            }
        }

        return schemas;
    }

    /// <summary>The schemas of the items after those with a schema of their own.</summary>
    public static IReadOnlyList<SchemaNode> Rest(Constraints constraints) => At(constraints, int.MaxValue);
}
