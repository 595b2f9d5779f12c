using System.Globalization;
using Microsoft.AspNetCore.Components;

namespace Tollgate.Accounts.FineTuning;

/// <summary>A line of a chart.</summary>
/// <param name="Points">By x, ascending.</param>
public sealed record CurveLine(string Name, IReadOnlyList<(double X, double Y)> Points);

/// <summary>Draws lines over a common x. The n-th line has the classes <c>curve curve-n</c>: a colour and a dash of its own.</summary>
internal static class CurveDrawing
{
    private const int Width = 640;
    private const int Height = 240;
    private const int Left = 52;
    private const int Right = 12;
    private const int Top = 10;
    private const int Bottom = 34;
    private const int Ticks = 4;

    /// <param name="from">Lowest y; null takes that of the points.</param>
    /// <param name="to">Highest y; null takes that of the points.</param>
    public static MarkupString Draw(IReadOnlyList<CurveLine> lines, string title, string unit, double? from = null, double? to = null)
    {
        var points = lines.SelectMany(line => line.Points).Where(point => double.IsFinite(point.X) && double.IsFinite(point.Y)).ToList();
        var drawing = new SvgDrawing(Width, Height);
        if (points.Count == 0)
        {
            drawing.Text(Width / 2.0, Height / 2.0, "no figures yet", "soft", "middle");
            return drawing.Finish(title);
        }

        var (low, high) = (from ?? Math.Min(0, points.Min(point => point.Y)), to ?? points.Max(point => point.Y));
        var (first, last) = (points.Min(point => point.X), points.Max(point => point.X));
        (high, last) = (high > low ? high : low + 1, last > first ? last : first + 1);
        double X(double x) => Left + ((x - first) / (last - first) * (Width - Left - Right));
        double Y(double y) => Top + ((high - Math.Clamp(y, low, high)) / (high - low) * (Height - Top - Bottom));

        for (var tick = 0; tick <= Ticks; tick++)
        {
            var (y, x) = (low + ((high - low) * tick / Ticks), first + ((last - first) * tick / Ticks));
            drawing.Line(Left, Y(y), Width - Right, Y(y), "grid");
            drawing.Text(Left - 8, Y(y) + 4, Number(y), "soft", "end");
            drawing.Text(X(x), Height - 16, Number(x), "soft", tick == 0 ? "start" : tick == Ticks ? "end" : "middle");
        }

        drawing.Text(Width - Right, Height - 2, unit, "soft", "end");
        foreach (var (index, line) in lines.Index())
        {
            var shown = line.Points.Where(point => double.IsFinite(point.X) && double.IsFinite(point.Y)).ToList();
            if (shown.Count > 0)
            {
                drawing.Path([.. shown.Select(point => (X(point.X), Y(point.Y)))], $"curve curve-{index + 1}");
            }
        }

        return drawing.Finish(title);
    }

    /// <summary>Formats a figure with three digits that matter.</summary>
    public static string Number(double value) => value.ToString(
        Math.Abs(value) >= 100 ? "#,##0" : Math.Abs(value) >= 10 ? "0.#" : "0.###", CultureInfo.InvariantCulture);
}
