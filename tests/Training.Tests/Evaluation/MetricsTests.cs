using Tollgate.Training.Evaluation;

namespace Tollgate.Training.Tests.Evaluation;

/// <summary>Figures beside those of scikit-learn 1.2.1 for the same rows.</summary>
public sealed class MetricsTests
{
    private const int Rows = 60;
    private const double Same = 1e-12;

    [Fact]
    public void ClassificationMetrics_are_those_of_scikit_learn()
    {
        (int Label, int Predicted)[] rows =
        [
            .. Enumerable.Range(0, Rows)
                .Select(i => (Label: ((i * 7) + (i / 9)) % 3, Other: ((i * 5) + (i / 4)) % 3, IsRight: i * 13 % 10 < 6))
                .Select(row => (row.Label, row.IsRight ? row.Label : row.Other)),
        ];

        var metrics = ClassificationMetrics.Of(rows, ["a", "b", "c"]);

        Assert.Equal([[15, 3, 2], [4, 14, 2], [5, 1, 14]], metrics.Confusion);
        Assert.Equal(0.7166666666666667, metrics.Accuracy, Same);
        Assert.Equal([0.625, 14 / 18.0, 14 / 18.0], metrics.Labels.Select(label => label.Precision));
        Assert.Equal([0.75, 0.7, 0.7], metrics.Labels.Select(label => label.Recall));
        Assert.Equal(0.6818181818181818, metrics.Labels[0].F1, Same);
        Assert.Equal(0.7368421052631577, metrics.Labels[1].F1, Same);
        Assert.Equal(0.7268518518518517, metrics.Macro.Precision, Same);
        Assert.Equal(0.7166666666666667, metrics.Macro.Recall, Same);
        Assert.Equal(0.7185007974481659, metrics.Macro.F1, Same);
        Assert.Equal(0.7166666666666667, metrics.Micro.F1, Same);
    }

    [Fact]
    public void ClassificationMetrics_of_a_label_that_is_never_predicted_are_zero()
    {
        var metrics = ClassificationMetrics.Of([(0, 0), (1, 0)], ["a", "b"]);

        Assert.Equal(new LabelMetrics("b", 0, 0, 0, 1), metrics.Labels[1]);
        Assert.Equal(0.5, metrics.Labels[0].Precision);
    }

    [Fact]
    public void Curve_and_calibration_are_those_of_scikit_learn()
    {
        (double Score, bool IsPositive)[] rows =
        [
            .. Enumerable.Range(0, Rows).Select(i => ((i * 31 % 97 / 3 * 3 / 97.0) + 0.005, (i * 31 % 97) + (i * 7 % 40) > 60)),
        ];

        var calibration = Calibration.Of("yes", rows);

        Assert.Equal(36, rows.Count(row => row.IsPositive));
        Assert.Equal(0.9820601851851851, RocCurve.Area(rows)!.Value, Same);
        Assert.Equal(0.09956671537889256, calibration.Brier, Same);
        Assert.Equal(0.18903436426116835, calibration.ExpectedError, Same);
        Assert.Equal([7, 4, 7, 6, 6, 6, 6, 5, 5, 8], calibration.Bins.Select(bin => bin.Rows));
        Assert.Equal(0.2480044182621502, calibration.Bins[2].MeanScore, Same);
        Assert.Equal(1 / 7.0, calibration.Bins[2].PositiveShare, Same);
    }

    [Fact]
    public void The_curve_runs_from_corner_to_corner_over_its_area_and_is_thinned()
    {
        (double Score, bool IsPositive)[] rows =
        [
            .. Enumerable.Range(0, 900).Select(i => (i * 31 % 997 / 997.0, (i * 31 % 997) + (i * 7 % 400) > 600)),
        ];
        double Under(IReadOnlyList<RocPoint> points) => points.Zip(points.Skip(1), (left, right) =>
            (right.FalsePositiveRate - left.FalsePositiveRate) * (right.TruePositiveRate + left.TruePositiveRate) / 2).Sum();

        var (whole, thinned) = (RocCurve.Points(rows, 10_000)!, RocCurve.Points(rows)!);

        Assert.Equal((901, 101), (whole.Count, thinned.Count));
        Assert.Equal(RocCurve.Area(rows)!.Value, Under(whole), Same);
        Assert.Equal(RocCurve.Area(rows)!.Value, Under(thinned), 0.01);
        Assert.Equal((new RocPoint(0, 0), new RocPoint(1, 1)), (thinned[0], thinned[^1]));
        Assert.Equal([new(0, 0), new(0, 0.5), new(0.5, 1), new(1, 1)],
            RocCurve.Points([(0.9, true), (0.5, true), (0.5, false), (0.1, false)])!);
        Assert.Null(RocCurve.Points([(0.9, true)]));
    }

    [Fact]
    public void Area_counts_equal_scores_half()
    {
        // Pairs of a positive and a negative: 0.9 > 0.5, 0.9 > 0.1, 0.5 = 0.5, 0.5 > 0.1: 3.5 of 4.
        Assert.Equal(3.5 / 4, RocCurve.Area([(0.9, true), (0.5, true), (0.5, false), (0.1, false)]));
        Assert.Null(RocCurve.Area([(0.9, true)]));
    }

    [Fact]
    public void Interval_holds_the_figure_and_depends_on_the_seed_alone()
    {
        bool[] rows = [.. Enumerable.Range(0, 400).Select(i => i % 5 != 0)];
        double Share(IReadOnlyList<bool> drawn) => drawn.Count(isRight => isRight) / (double)drawn.Count;

        var interval = Bootstrap.Interval(rows, Share, 3);

        // 0.8 ± 1.96 · √(0.8 · 0.2 / 400) = 0.8 ± 0.039
        Assert.InRange(interval.Low, 0.75, 0.77);
        Assert.InRange(interval.High, 0.83, 0.85);
        Assert.Equal(interval, Bootstrap.Interval(rows, Share, 3));
        Assert.NotEqual(interval, Bootstrap.Interval(rows, Share, 4));
    }
}
