namespace Tollgate.Inference.Tasks.Ocr;

/// <summary>Joins rectangles that are pieces of one line, so that the line is read in one piece: the detector parts lines at wide gaps, and
/// pieces that were grown overlap.</summary>
internal static class TextFragments
{
    /// <summary>A taller rectangle is a column, or a narrow letter.</summary>
    private const double TallRatio = 1.5;

    /// <summary>A column of at least three letters.</summary>
    private const double ColumnRatio = 3;

    /// <summary>Share of the lower piece's height that must lie beside the other one.</summary>
    private const double LeastOverlap = 0.6;

    /// <summary>Height of the higher piece in that of the lower one.</summary>
    private const double MostHeights = 1.8;

    /// <summary>Widest gap, in heights of the higher piece. Columns of a table are further apart.</summary>
    private const double WidestGap = 0.8;

    /// <summary>About five degrees between the directions of two pieces.</summary>
    private const double MostTurn = 0.09;

    /// <summary>Whether text in it runs down or up, unless it is a narrow letter.</summary>
    public static bool IsTall(TextQuad quad) => quad.Height >= TallRatio * quad.Width;

    /// <summary>Whether it is too long for a narrow letter.</summary>
    public static bool IsColumn(TextQuad quad) => quad.Height >= ColumnRatio * quad.Width;

    public static List<TextQuad> Join(List<TextQuad> quads)
    {
        var lines = quads.OrderByDescending(Length).ToList();
        for (var i = 0; i < lines.Count; i++)
        {
            // A piece that was passed over may fit when the line has grown.
            while (lines.FindIndex(i + 1, piece => Fits(lines[i], piece)) is var found and >= 0)
            {
                lines[i] = Unite(lines[i], lines[found]);
                lines.RemoveAt(found);
            }
        }

        return lines;
    }

    private static double Length(TextQuad quad) => Math.Max(quad.Width, quad.Height);

    private static bool Fits(TextQuad line, TextQuad piece)
    {
        if (IsTall(line) != IsTall(piece) && (IsColumn(line) || IsColumn(piece)))
        {
            return false;
        }

        var axis = Axis(line, piece);
        var (start, end, top, bottom) = Extent(line, axis);
        var (pieceStart, pieceEnd, pieceTop, pieceBottom) = Extent(piece, axis);
        var (lower, higher) = (Math.Min(bottom - top, pieceBottom - pieceTop), Math.Max(bottom - top, pieceBottom - pieceTop));
        return Math.Min(bottom, pieceBottom) - Math.Max(top, pieceTop) >= LeastOverlap * lower
            && higher <= MostHeights * lower
            && Math.Max(start, pieceStart) - Math.Min(end, pieceEnd) <= WidestGap * higher
            && (Ratio(piece) < 2 || Turn(axis, Axis(piece, piece)) <= MostTurn); // A short piece has no sure direction.
    }

    private static TextQuad Unite(TextQuad line, TextQuad piece)
    {
        var axis = Axis(line, piece);
        var (start, end, top, bottom) = Extent(line, axis);
        var (pieceStart, pieceEnd, pieceTop, pieceBottom) = Extent(piece, axis);
        (start, end) = (Math.Min(start, pieceStart), Math.Max(end, pieceEnd));
        (top, bottom) = (Math.Min(top, pieceTop), Math.Max(bottom, pieceBottom));
        var (x, y) = ((start + end) / 2, (top + bottom) / 2);
        return TextQuad.Upright(
            new TextPoint((x * axis.X) - (y * axis.Y), (x * axis.Y) + (y * axis.X)), axis, end - start, bottom - top);
    }

    /// <summary>The direction of a line: down in columns and beside other narrow letters of a column.</summary>
    private static TextPoint Axis(TextQuad line, TextQuad piece)
    {
        var side = IsTall(line) && IsTall(piece) ? line.Fourth - line.First : line.Second - line.First;
        return side * (1 / side.Length);
    }

    private static double Ratio(TextQuad quad) => Math.Max(quad.Width / quad.Height, quad.Height / quad.Width);

    private static double Turn(TextPoint a, TextPoint b) => Math.Abs((a.X * b.Y) - (a.Y * b.X));

    /// <summary>Where it lies along an axis and across it.</summary>
    private static (double Start, double End, double Top, double Bottom) Extent(TextQuad quad, TextPoint axis)
    {
        var (start, end, top, bottom) = (double.MaxValue, double.MinValue, double.MaxValue, double.MinValue);
        foreach (var corner in quad.Corners)
        {
            var (x, y) = ((corner.X * axis.X) + (corner.Y * axis.Y), (corner.Y * axis.X) - (corner.X * axis.Y));
            (start, end, top, bottom) = (Math.Min(start, x), Math.Max(end, x), Math.Min(top, y), Math.Max(bottom, y));
        }

        return (start, end, top, bottom);
    }
}
