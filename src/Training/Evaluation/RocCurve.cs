namespace Tollgate.Training.Evaluation;

/// <summary>What a threshold of the score gives.</summary>
/// <param name="FalsePositiveRate">Share of the negative rows at or above it.</param>
/// <param name="TruePositiveRate">Share of the positive rows at or above it.</param>
public sealed record RocPoint(double FalsePositiveRate, double TruePositiveRate);

/// <summary>How well scores separate two labels, whatever the threshold.</summary>
internal static class RocCurve
{
    /// <summary>Points of the curve that a report holds at most.</summary>
    public const int MostPoints = 101;

    /// <summary>The curve from (0, 0) to (1, 1), a point for each threshold, evenly thinned; null where one of the two labels has no row.
    /// </summary>
    public static IReadOnlyList<RocPoint>? Points(IReadOnlyList<(double Score, bool IsPositive)> rows, int most = MostPoints)
    {
        double positives = rows.Count(row => row.IsPositive);
        var negatives = rows.Count - positives;
        if (positives == 0 || negatives == 0)
        {
            return null;
        }

        var (points, right, wrong) = (new List<RocPoint> { new(0, 0) }, 0, 0);
        foreach (var equal in rows.GroupBy(row => row.Score).OrderByDescending(group => group.Key))
        {
            right += equal.Count(row => row.IsPositive);
            wrong += equal.Count(row => !row.IsPositive);
            points.Add(new RocPoint(wrong / negatives, right / positives));
        }

        return points.Count <= most
            ? points
            : [.. Enumerable.Range(0, most).Select(i => points[(int)((long)i * (points.Count - 1) / (most - 1))])];
    }

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
