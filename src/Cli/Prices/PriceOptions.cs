using System.CommandLine;
using Tollgate.Cli.Commands;
using Tollgate.Contracts.Money;

namespace Tollgate.Cli.Prices;

/// <summary>Options for a price, the same in every command, and their names in error messages.</summary>
internal static class PriceOptions
{
    public static readonly Option<decimal?> In =
        Numbers.Optional("--price-in", "US dollars per million prompt tokens.", 0m, SetPrice.MostPerMillion);

    public static readonly Option<decimal?> Out = Numbers.Optional(
        "--price-out", "US dollars per million output tokens; only an embedding model has none.", 0m, SetPrice.MostPerMillion);

    /// <summary>The option for each member of an order.</summary>
    private static readonly Dictionary<string, string> OptionOf = new(StringComparer.Ordinal)
    {
        ["model"] = "MODEL",
        ["inputPerMillion"] = "--price-in",
        ["outputPerMillion"] = "--price-out",
        ["effectiveFrom"] = "--from",
        ["organizationId"] = "--organization",
    };

    /// <summary>Throws if an order has faults, with one line per fault.</summary>
    /// <exception cref="OperatorException">The order has faults.</exception>
    public static void Require(IReadOnlyCollection<(string Member, string Text)> faults)
    {
        if (faults.Count > 0)
        {
            throw new OperatorException(string.Join(
                Environment.NewLine, faults.Select(fault => $"{OptionOf.GetValueOrDefault(fault.Member, fault.Member)}: {fault.Text}")));
        }
    }
}
