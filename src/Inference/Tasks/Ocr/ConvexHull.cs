namespace Tollgate.Inference.Tasks.Ocr;

/// <summary>The smallest rectangle around points.</summary>
internal static class ConvexHull
{
    /// <summary>The rectangle of the smallest area, at any angle, around all points.</summary>
    /// <param name="points">At least three that are not on one line; sorted here.</param>
    /// <remarks>One of its sides lies on a side of the convex hull (Freeman and Shapira, 1975). The hull is Andrew's monotone
    /// chain.</remarks>
    public static TextQuad SmallestRectangle(List<TextPoint> points)
    {
        var hull = Find(points);
        var (smallest, best) = (double.MaxValue, default(TextQuad));
        for (var i = 0; i < hull.Count; i++)
        {
            var side = hull[(i + 1) % hull.Count] - hull[i];
            var along = side * (1 / side.Length);
            var (left, right, top, bottom) = (double.MaxValue, double.MinValue, double.MaxValue, double.MinValue);
            foreach (var point in hull)
            {
                var (x, y) = ((point.X * along.X) + (point.Y * along.Y), (point.Y * along.X) - (point.X * along.Y));
                (left, right, top, bottom) = (Math.Min(left, x), Math.Max(right, x), Math.Min(top, y), Math.Max(bottom, y));
            }

            var (width, height) = (right - left, bottom - top);
            if (width * height < smallest)
            {
                smallest = width * height;
                var (x, y) = ((left + right) / 2, (top + bottom) / 2);
                var center = new TextPoint((x * along.X) - (y * along.Y), (x * along.Y) + (y * along.X));
                best = TextQuad.Upright(center, along, width, height);
            }
        }

        return best;
    }

    private static List<TextPoint> Find(List<TextPoint> points)
    {
        points.Sort((a, b) => a.X != b.X ? a.X.CompareTo(b.X) : a.Y.CompareTo(b.Y));
        var hull = new List<TextPoint>(points.Count);
        Chain(points, hull);
        points.Reverse();
        Chain(points, hull);
        return hull;
    }

    /// <summary>Adds one half of the hull without its last point.</summary>
    private static void Chain(List<TextPoint> points, List<TextPoint> hull)
    {
        var first = hull.Count;
        foreach (var point in points)
        {
            while (hull.Count - first >= 2 && Cross(hull[^2], hull[^1], point) <= 0)
            {
                hull.RemoveAt(hull.Count - 1);
            }

            hull.Add(point);
        }

        hull.RemoveAt(hull.Count - 1);
    }

    private static double Cross(TextPoint a, TextPoint b, TextPoint c) => ((b.X - a.X) * (c.Y - a.Y)) - ((b.Y - a.Y) * (c.X - a.X));
}
