using System.Globalization;
using Microsoft.AspNetCore.Components;

namespace Tollgate.Accounts.FineTuning;

/// <summary>Draws the pictures of an evaluation.</summary>
internal static class EvaluationDrawings
{
    /// <summary>Labels of the largest picture of a confusion matrix.</summary>
    public const int MostLabels = 20;

    private const int LongestLabel = 14;
    private const int Margin = 110;
    private const int Side = 320;
    private const int Edge = 40;

    /// <summary>Rows by label and predicted label; a darker box holds a larger share of its label's rows.</summary>
    public static MarkupString Confusion(MetricsEntry metrics)
    {
        var count = metrics.Labels.Count;
        var cell = Math.Clamp(460 / Math.Max(1, count), 26, 80);
        var drawing = new SvgDrawing(Margin + (count * cell) + 10, Edge + (count * cell) + 40);
        for (var row = 0; row < count; row++)
        {
            var sum = Math.Max(1, metrics.Confusion[row].Sum());
            drawing.Text(
                Margin - 8, Edge + (row * cell) + (cell / 2.0) + 4, Short(metrics.Labels[row].Label, LongestLabel), "plain", "end");
            drawing.Text(Margin + (row * cell) + (cell / 2.0), Edge - 8, Short(metrics.Labels[row].Label, cell / 7), "plain", "middle");
            for (var column = 0; column < count; column++)
            {
                var rows = metrics.Confusion[row][column];
                var style = row == column ? "cell right" : "cell wrong";
                drawing.Square(Margin + (column * cell), Edge + (row * cell), cell - 2, rows / (double)sum * 0.75, style);
                drawing.Text(
                    Margin + (column * cell) + (cell / 2.0) - 1, Edge + (row * cell) + (cell / 2.0) + 4,
                    rows.ToString(CultureInfo.InvariantCulture), "plain", "middle");
            }
        }

        drawing.Text(Margin, Edge + (count * cell) + 20, "down: label of the row, across: predicted label", "soft");
        return drawing.Finish("Confusion matrix: how many rows of each label got which label");
    }

    /// <summary>Scores beside the share of rows that are positive: on the diagonal a score of 0.8 is right eight times in ten.</summary>
    public static MarkupString Calibration(CalibrationEntry calibration)
    {
        var drawing = Square("score", "share that is right");
        drawing.Line(X(0), Y(0), X(1), Y(1), "grid dashed");
        drawing.Path([.. calibration.Bins.Select(bin => (X(bin.MeanScore), Y(bin.PositiveShare)))], "curve curve-1");
        var most = Math.Max(1, calibration.Bins.Select(bin => bin.Rows).DefaultIfEmpty(1).Max());
        foreach (var bin in calibration.Bins)
        {
            drawing.Circle(X(bin.MeanScore), Y(bin.PositiveShare), 3 + (6 * Math.Sqrt(bin.Rows / (double)most)), "dot");
        }

        return drawing.Finish($"Calibration of the label {calibration.Positive}: mean score and share of rows with the label");
    }

    public static MarkupString Roc(IReadOnlyList<RocPoint> points)
    {
        var drawing = Square("false positives", "true positives");
        drawing.Line(X(0), Y(0), X(1), Y(1), "grid dashed");
        drawing.Path([.. points.Select(point => (X(point.FalsePositiveRate), Y(point.TruePositiveRate)))], "curve curve-1");
        return drawing.Finish("ROC curve: share of true positives by share of false positives");
    }

    private static SvgDrawing Square(string across, string up)
    {
        var drawing = new SvgDrawing(Side + Edge + 20, Side + Edge + 20);
        for (var tick = 0; tick <= 4; tick++)
        {
            drawing.Line(X(0), Y(tick / 4.0), X(1), Y(tick / 4.0), "grid");
            drawing.Text(X(0) - 6, Y(tick / 4.0) + 4, CurveDrawing.Number(tick / 4.0), "soft", "end");
            drawing.Text(X(tick / 4.0), Side + 26, CurveDrawing.Number(tick / 4.0), "soft", "middle");
        }

        drawing.Text(X(1), Side + 46, across, "soft", "end");
        drawing.Text(X(0) + 6, Y(1) + 14, up, "soft");
        return drawing;
    }

    private static double X(double share) => Edge + (Math.Clamp(share, 0, 1) * Side);

    private static double Y(double share) => 10 + ((1 - Math.Clamp(share, 0, 1)) * Side);

    private static string Short(string label, int most) =>
        label.Length <= most ? label : string.Concat(label.AsSpan(0, Math.Max(1, most - 1)), "…");
}
