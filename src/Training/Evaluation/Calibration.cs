namespace Tollgate.Training.Evaluation;

/// <summary>Whether a score of 0.8 is right eight times in ten.</summary>
/// <param name="Positive">The label whose score is looked at: the second of two.</param>
/// <param name="ExpectedError">Mean distance of score and share of positive rows over the bins, weighted by their rows, 0 to 1.</param>
/// <param name="Brier">Mean squared distance between the score and 1 for a positive or 0 for a negative row, 0 to 1.</param>
/// <param name="Bins">Those that hold rows.</param>
/// <remarks>Naeini et al., Obtaining Well Calibrated Probabilities Using Bayesian Binning (2015); Brier (1950).</remarks>
public sealed record Calibration(string Positive, double ExpectedError, double Brier, IReadOnlyList<ReliabilityBin> Bins)
{
    /// <summary>Bins of equal width from 0 to 1.</summary>
    public const int BinCount = 10;

    internal static Calibration Of(string positive, IReadOnlyList<(double Score, bool IsPositive)> rows)
    {
        ReliabilityBin[] bins =
        [
            .. rows.GroupBy(row => Math.Clamp((int)(row.Score * BinCount), 0, BinCount - 1)).OrderBy(group => group.Key)
                .Select(group => new ReliabilityBin(
                    group.Key / (double)BinCount, (group.Key + 1) / (double)BinCount, group.Count(), group.Average(row => row.Score),
                    group.Average(row => row.IsPositive ? 1.0 : 0))),
        ];
        return new Calibration(
            positive,
            bins.Sum(bin => bin.Rows * Math.Abs(bin.MeanScore - bin.PositiveShare)) / Math.Max(1, rows.Count),
            rows.Count == 0 ? 0 : rows.Average(row => Math.Pow(row.Score - (row.IsPositive ? 1 : 0), 2)),
            bins);
    }
}

/// <summary>Rows whose scores lie close together.</summary>
/// <param name="From">Lowest score, included.</param>
/// <param name="To">Highest score; included in the last bin only.</param>
/// <param name="PositiveShare">Share of the rows that are positive.</param>
public sealed record ReliabilityBin(double From, double To, int Rows, double MeanScore, double PositiveShare);
