using Tollgate.Accounts.Catalogue;
using Tollgate.Contracts.Catalogue;

namespace Tollgate.Accounts.Canaries;

/// <summary>Reads an order for a canary: defaults and ranges.</summary>
internal static class CanaryOrder
{
    private const int Whole = 100;
    private const int MostRequests = 1_000_000;
    private const int MostRatio = 100;
    private static readonly int[] Steps = [5, 25, 50, Whole];
    private static readonly TimeSpan ShortestWindow = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestWindow = TimeSpan.FromDays(7);

    /// <summary>What an order without options follows.</summary>
    public static CanaryTerms Defaults { get; } = new(Steps, TimeSpan.FromMinutes(10), 2, 1.5, 50);

    /// <summary>The terms of an order. Only valid without faults.</summary>
    public static (CanaryTerms Terms, IReadOnlyList<PlanFault> Faults) Read(StartCanary order)
    {
        var steps = order.Steps is { Count: > 0 } named ? named : Steps;
        var first = order.Share ?? steps[0];
        var terms = new CanaryTerms(
            [first, .. steps.Where(step => step > first), .. first < Whole && !steps.Contains(Whole) ? (int[])[Whole] : []],
            order.Window ?? Defaults.Window, order.MostExtraErrors ?? Defaults.MostExtraErrors,
            order.MostLatencyRatio ?? Defaults.MostLatencyRatio, order.LeastRequests ?? Defaults.LeastRequests);
        return (terms, [.. FindFaults(first, steps, terms)]);
    }

    private static IEnumerable<PlanFault> FindFaults(int first, IReadOnlyList<int> steps, CanaryTerms terms)
    {
        if (first is < 1 or > Whole)
        {
            yield return new PlanFault("share", "Percent, 1 to 100.");
        }

        if (steps.Any(step => step is < 1 or > Whole) || steps.Zip(steps.Skip(1)).Any(pair => pair.Second <= pair.First))
        {
            yield return new PlanFault("steps", "Percent, 1 to 100, each above the one before.");
        }

        if (terms.Window < ShortestWindow || terms.Window > LongestWindow)
        {
            yield return new PlanFault("window", "5 seconds to 7 days.");
        }

        if (terms.MostExtraErrors is not (>= 0 and <= Whole))
        {
            yield return new PlanFault("mostExtraErrors", "Percentage points, 0 to 100.");
        }

        if (terms.MostLatencyRatio is not (>= 1 and <= MostRatio))
        {
            yield return new PlanFault("mostLatencyRatio", "Times the old version's, 1 to 100.");
        }

        if (terms.LeastRequests is < 1 or > MostRequests)
        {
            yield return new PlanFault("leastRequests", "1 to 1,000,000.");
        }
    }
}
