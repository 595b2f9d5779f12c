namespace Tollgate.Inference.Grammars.Schemas;

/// <summary>Multiplies out lists of alternatives, within bounds.</summary>
internal sealed class Alternatives(GrammarBudget budget)
{
    private int _merges;

    /// <summary>Every alternative that meets one of the first list and one of the second.</summary>
    /// <param name="path">Where the keyword stands, for the message.</param>
    /// <exception cref="SchemaException">There are too many of them.</exception>
    public List<Constraints> Cross(IReadOnlyList<Constraints> one, IReadOnlyList<Constraints> other, string path)
    {
        List<Constraints> both = [];
        foreach (var first in one)
        {
            foreach (var second in other)
            {
                if (Both(first, second, path) is { } merged)
                {
                    both.Add(merged);
                }
            }
        }

        if (both.Count > SchemaLimits.Alternatives && one.Count > 1 && other.Count > 1)
        {
            throw new SchemaException(
                path, $"anyOf, oneOf, not, if and dependencies together give more than {SchemaLimits.Alternatives} cases.");
        }

        return both;
    }

    /// <summary>What two alternatives ask together; null where they contradict each other.</summary>
    public Constraints? Both(Constraints one, Constraints other, string path)
    {
        if (++_merges > SchemaLimits.Merges)
        {
            throw new SchemaException(path, "The schema combines too many schemas.");
        }

        budget.Work(1 + ((one.Objects.Count + other.Objects.Count + one.Required.Count + other.Required.Count) >> 2)
            + (((one.Allowed?.Count ?? 0) + (other.Allowed?.Count ?? 0)) >> 2));
        return Constraints.Both(one, other);
    }
}
