using Tollgate.Contracts.Money;

namespace Tollgate.Billing.Prices;

/// <summary>Validates an order for a price. Portal and command line ask here through Accounts.</summary>
internal static class PriceRules
{
    private const int LongestModelName = 200;

    /// <summary>Returns all faults, keyed by the order's member.</summary>
    public static Dictionary<string, string[]> FindFaults(SetPrice price, DateTimeOffset now)
    {
        var faults = new Dictionary<string, string[]>();
        if (string.IsNullOrWhiteSpace(price.Model) || price.Model.Length > LongestModelName
            || price.Model.Contains('\0', StringComparison.Ordinal))
        {
            faults["model"] = [$"A model's name has 1 to {LongestModelName} characters."];
        }

        foreach (var member in PriceMember.All)
        {
            if (member.Of(price) is { } amount && !member.Takes(amount))
            {
                faults[member.Name] = [member.Range];
            }
        }

        if (!price.HasBatchFactor)
        {
            faults["batchFactor"] = [SetPrice.BatchFactorRange];
        }

        foreach (var (member, text) in price.FindFaults())
        {
            faults[member] = [text];
        }

        if (price.EffectiveFrom <= now)
        {
            faults["effectiveFrom"] = ["Must lie in the future. Without it the price is in force from now."];
        }

        return faults;
    }
}
