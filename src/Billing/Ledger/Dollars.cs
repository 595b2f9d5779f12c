namespace Tollgate.Billing.Ledger;

/// <summary>
/// Between the dollars of Postgres (twelve decimals) and the whole nano-dollars of the till. No floating point anywhere.
/// </summary>
internal static class Dollars
{
    private const decimal NanoPerDollar = 1_000_000_000m;

    public static decimal FromNano(long nanoUsd) => nanoUsd / NanoPerDollar;

    /// <summary>Whole nano-dollars that <paramref name="dollars"/> surely covers.</summary>
    /// <exception cref="OverflowException">Beyond nine billion dollars.</exception>
    public static long ToNanoDown(decimal dollars) => decimal.ToInt64(decimal.Floor(dollars * NanoPerDollar));
}
