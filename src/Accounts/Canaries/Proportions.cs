namespace Tollgate.Accounts.Canaries;

/// <summary>Confidence bounds of shares that hold for few trials and for shares near 0 and 1.</summary>
/// <remarks>Wilson (1927); Newcombe, Interval estimation for the difference between independent proportions (1998), method 10.</remarks>
internal static class Proportions
{
    /// <summary>Interval of a share by Wilson's score; 0 to 1 without trials.</summary>
    /// <param name="deviations">Standard deviations on either side.</param>
    public static (double Low, double High) Interval(long hits, long trials, double deviations)
    {
        if (trials == 0)
        {
            return (0, 1);
        }

        var (share, square) = ((double)hits / trials, deviations * deviations);
        var middle = share + (square / (2 * trials));
        var reach = deviations * Math.Sqrt((share * (1 - share) / trials) + (square / (4.0 * trials * trials)));
        var scale = 1 + (square / trials);
        return (Math.Max(0, (middle - reach) / scale), Math.Min(1, (middle + reach) / scale));
    }

    /// <summary>Lower bound of the first share minus the second one.</summary>
    public static double LeastDifference((long Hits, long Trials) first, (long Hits, long Trials) second, double deviations)
    {
        var (low, _) = Interval(first.Hits, first.Trials, deviations);
        var (_, high) = Interval(second.Hits, second.Trials, deviations);
        var (left, right) = (Share(first), Share(second));
        return left - right - Math.Sqrt(Math.Pow(left - low, 2) + Math.Pow(high - right, 2));
    }

    private static double Share((long Hits, long Trials) of) => of.Trials == 0 ? 0 : (double)of.Hits / of.Trials;
}
