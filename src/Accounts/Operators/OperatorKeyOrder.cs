using Tollgate.Contracts.Keys;

namespace Tollgate.Accounts.Operators;

/// <summary>Checks an operator's order for a key against the ranges that admission supports.</summary>
internal static class OperatorKeyOrder
{
    /// <summary>Returns the faults by member.</summary>
    public static Dictionary<string, string[]> FindFaults(CreateOperatorKey order)
    {
        var faults = new Dictionary<string, string[]>();
        if (string.IsNullOrWhiteSpace(order.Name) || order.Name.Length > 100)
        {
            faults["name"] = ["Must have 1 to 100 characters."];
        }

        foreach (var (member, kind, number) in LimitsIn(order))
        {
            if (number is { } limit && !kind.Admits(limit))
            {
                faults[member] = [$"Must be {kind.Range}{(kind.IsMoney ? " US dollars" : "")}."];
            }
        }

        return faults;
    }

    /// <summary>Converts an order without faults to limits.</summary>
    public static Limits LimitsOf(CreateOperatorKey order) =>
        LimitsIn(order).Aggregate(Limits.None, (limits, it) => it.Kind.Write(limits, it.Number));

    private static (string Member, LimitKind Kind, decimal? Number)[] LimitsIn(CreateOperatorKey order) =>
    [
        ("requestsPerMinute", RateLimitKind.RequestsPerMinute, order.RequestsPerMinute),
        ("tokensPerMinute", RateLimitKind.TokensPerMinute, order.TokensPerMinute),
        ("budgetUsd", BudgetKind.Monthly, order.BudgetUsd),
    ];
}
