namespace Tollgate.Billing.Ledger;

/// <summary>Converts between Postgres' dollars (twelve decimals) and the till's whole nano-dollars, without floating point.</summary>
internal static class Dollars
{
    private const decimal NanoPerDollar = 1_000_000_000m;

    public static decimal FromNano(long nanoUsd) => nanoUsd / NanoPerDollar;

    /// <summary>Rounds <paramref name="dollars"/> down to whole nano-dollars.</summary>
    /// <exception cref="OverflowException">Beyond nine billion dollars.</exception>
    public static long ToNanoDown(decimal dollars) => decimal.ToInt64(decimal.Floor(dollars * NanoPerDollar));
}
