namespace Tollgate.Training.Evaluation;

/// <summary>How well scores separate two labels, whatever the threshold.</summary>
internal static class RocCurve
{
    /// <summary>The probability that a positive row has a higher score than a negative one; equal scores count half.</summary>
    /// <returns>0 to 1; null where one of the two labels has no row.</returns>
    /// <remarks>Mann and Whitney (1947): the rank sum, with the mean rank for equal scores.</remarks>
    public static double? Area(IReadOnlyList<(double Score, bool IsPositive)> rows)
    {
        var positives = rows.Count(row => row.IsPositive);
        var negatives = rows.Count - positives;
        if (positives == 0 || negatives == 0)
        {
            return null;
        }

        var (ranks, before) = (0.0, 0);
        foreach (var equal in rows.GroupBy(row => row.Score).OrderBy(group => group.Key))
        {
            var (count, mean) = (equal.Count(), before + ((equal.Count() + 1) / 2.0));
            ranks += mean * equal.Count(row => row.IsPositive);
            before += count;
        }

        return (ranks - (positives * (positives + 1) / 2.0)) / ((double)positives * negatives);
    }
}
