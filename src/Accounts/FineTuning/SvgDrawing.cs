using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Components;

namespace Tollgate.Accounts.FineTuning;

/// <summary>
/// Writes a picture as SVG. Colours come from classes of the style sheet, because the portal's policy allows no inline style. Every text is
/// encoded here: labels and file names are customers' words.
/// </summary>
/// <param name="width">Of the coordinates; the picture scales with its place.</param>
internal sealed class SvgDrawing(int width, int height)
{
    private readonly StringBuilder _svg = new();

    public void Line(double x1, double y1, double x2, double y2, string style) =>
        _svg.Append(
            CultureInfo.InvariantCulture,
            $"<line class=\"{style}\" x1=\"{x1:0.#}\" y1=\"{y1:0.#}\" x2=\"{x2:0.#}\" y2=\"{y2:0.#}\"/>");

    /// <summary>Draws a line through points; a single point as a dot.</summary>
    public void Path(IReadOnlyList<(double X, double Y)> points, string style)
    {
        if (points.Count == 1)
        {
            Circle(points[0].X, points[0].Y, 3, style);
            return;
        }

        _svg.Append("<polyline class=\"").Append(style).Append("\" points=\"");
        foreach (var (x, y) in points)
        {
            _svg.Append(CultureInfo.InvariantCulture, $"{x:0.#},{y:0.#} ");
        }

        _svg.Append("\"/>");
    }

    public void Circle(double x, double y, double radius, string style) =>
        _svg.Append(CultureInfo.InvariantCulture, $"<circle class=\"{style}\" cx=\"{x:0.#}\" cy=\"{y:0.#}\" r=\"{radius:0.#}\"/>");

    /// <param name="opacity">0 to 1.</param>
    public void Square(double x, double y, double side, double opacity, string style) => _svg.Append(
        CultureInfo.InvariantCulture,
        $"<rect class=\"{style}\" x=\"{x:0.#}\" y=\"{y:0.#}\" width=\"{side:0.#}\" height=\"{side:0.#}\" "
        + $"fill-opacity=\"{opacity:0.##}\"/>");

    /// <param name="anchor"><c>start</c>, <c>middle</c> or <c>end</c>.</param>
    public void Text(double x, double y, string text, string style, string anchor = "start") =>
        _svg.Append(CultureInfo.InvariantCulture, $"<text class=\"{style}\" x=\"{x:0.#}\" y=\"{y:0.#}\" text-anchor=\"{anchor}\">")
            .Append(Encode(text)).Append("</text>");

    /// <summary>The picture as an element.</summary>
    /// <param name="title">Says what it shows, for those who do not see it.</param>
    public MarkupString Finish(string title) => new(string.Create(
        CultureInfo.InvariantCulture,
        $"<svg class=\"drawing\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{Encode(title)}\">{_svg}</svg>"));

    private static string Encode(string text) => HtmlEncoder.Default.Encode(text);
}
