namespace Tollgate.Inference.Tasks.Ocr;

/// <summary>Puts lines in the order of reading: rows from above, in a row from the left, seen in the direction in which most of the text
/// runs, so that a picture that was taken sideways reads as an upright one does.</summary>
internal static class ReadingOrder
{
    /// <summary>Share of the lower line's height that lines of one row have in common.</summary>
    private const double RowOverlap = 0.5;

    public static List<OcrLine> Sort(IReadOnlyList<OcrLine> lines)
    {
        var across = MainDirection(lines);
        var placed = lines.Select(line => Place(line, across)).OrderBy(place => place.Top + place.Bottom).ToList();
        var rows = new List<List<Placed>>();
        foreach (var place in placed)
        {
            var row = rows.FindLast(row => IsBeside(row[0], place));
            if (row is null)
            {
                rows.Add([place]);
            }
            else
            {
                row.Add(place);
            }
        }

        return [.. rows.SelectMany(row => row.OrderBy(place => place.Left)).Select(place => place.Line)];
    }

    /// <summary>Mean direction of the text, longer lines weighing more, to the nearest of four where they disagree.</summary>
    private static TextPoint MainDirection(IReadOnlyList<OcrLine> lines)
    {
        // Lines that run across each other would give a slanted mean: the quarter with most text decides first.
        var quarter = lines.GroupBy(line => Quarter(line.Along)).MaxBy(group => group.Sum(line => line.Along.Length * line.Text.Length));
        var sum = quarter?.Aggregate(default(TextPoint), (sum, line) => sum + line.Along) ?? default;
        return sum.Length > 0 ? sum * (1 / sum.Length) : new TextPoint(1, 0);
    }

    private static int Quarter(TextPoint along) =>
        Math.Abs(along.X) >= Math.Abs(along.Y) ? (along.X >= 0 ? 0 : 2) : (along.Y >= 0 ? 1 : 3);

    private static Placed Place(OcrLine line, TextPoint across)
    {
        var corners = line.Quad.Corners;
        var down = corners.Select(corner => (corner.Y * across.X) - (corner.X * across.Y)).ToArray();
        return new Placed(line, corners.Min(corner => (corner.X * across.X) + (corner.Y * across.Y)), down.Min(), down.Max());
    }

    private static bool IsBeside(Placed first, Placed other)
    {
        var common = Math.Min(first.Bottom, other.Bottom) - Math.Max(first.Top, other.Top);
        return common >= RowOverlap * Math.Min(first.Bottom - first.Top, other.Bottom - other.Top);
    }

    /// <summary>A line and where it is in the main direction and across it.</summary>
    private readonly record struct Placed(OcrLine Line, double Left, double Top, double Bottom);
}
