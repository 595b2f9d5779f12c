using Tollgate.Contracts.Keys;

namespace Tollgate.Accounts.Keys;

/// <summary>Reads the limits of an order, within the ranges that admission can count in.</summary>
internal static class KeyLimits
{
    private const long MostPerMinute = 1_000_000_000;
    private const decimal MostBudgetUsd = 1_000_000;

    /// <summary>The limits, and what is wrong by member.</summary>
    public static (Limits Limits, Dictionary<string, string[]> Errors) Read(CreateOperatorKey order)
    {
        var errors = new Dictionary<string, string[]>();
        if (order.RequestsPerMinute is < 1 or > MostPerMinute)
        {
            errors["requestsPerMinute"] = ["Must be 1 to 1,000,000,000."];
        }

        if (order.TokensPerMinute is < 1 or > MostPerMinute)
        {
            errors["tokensPerMinute"] = ["Must be 1 to 1,000,000,000."];
        }

        if (order.BudgetUsd is < 0.000001m or > MostBudgetUsd)
        {
            errors["budgetUsd"] = ["Must be 0.000001 to 1,000,000 US dollars."];
        }

        return errors.Count > 0 ? (Limits.None, errors) : (FromOrder(order), errors);
    }

    /// <summary>Dollars as whole nano-dollars; what is smaller than one is left out.</summary>
    public static long? ToNanoUsd(decimal? usd) => usd is { } amount ? (long)decimal.Floor(amount * 1_000_000_000m) : null;

    private static Limits FromOrder(CreateOperatorKey order) => new()
    {
        RequestsPerMinute = order.RequestsPerMinute,
        TokensPerMinute = order.TokensPerMinute,
        BudgetPerMonthNanoUsd = ToNanoUsd(order.BudgetUsd),
    };
}
