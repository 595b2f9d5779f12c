namespace Tollgate.Inference.Tasks.Ocr;

/// <summary>Finds rectangles of text in a map of probabilities, which has text shrunk to its middle.</summary>
/// <remarks>Liao and others, Real-time Scene Text Detection with Differentiable Binarization (2019), section 3.4; numbers as in
/// PaddleOCR. A rectangle is grown by <c>area × ratio ÷ perimeter</c>.</remarks>
internal static class TextRegions
{
    /// <summary>Above it a place of the map belongs to text.</summary>
    private const float Threshold = 0.3f;

    /// <summary>Least mean of the map inside a rectangle.</summary>
    private const double LeastScore = 0.5;

    private const double GrowRatio = 1.6;

    /// <summary>Shorter rectangles are specks, places of the map.</summary>
    private const double ShortestSide = 3;

    /// <summary>Returns the rectangles in units of the map, from above.</summary>
    /// <param name="map">Probabilities, row by row.</param>
    /// <param name="width">Places of a row.</param>
    /// <param name="used">What of it shows the picture; places beyond are padding.</param>
    /// <param name="most">Rectangles after which the search ends.</param>
    public static List<TextQuad> Find(ReadOnlySpan<float> map, int width, (int Width, int Height) used, int most)
    {
        var seen = new bool[map.Length];
        var (found, open, edge) = (new List<TextQuad>(), new Stack<int>(), new List<TextPoint>());
        for (var y = 0; y < used.Height && found.Count < most; y++)
        {
            for (var x = 0; x < used.Width; x++)
            {
                var at = (y * width) + x;
                if (seen[at] || map[at] <= Threshold)
                {
                    continue;
                }

                edge.Clear();
                Fill(map, seen, open, at, width, used, edge);
                if (Measure(map, width, used, edge) is { } quad)
                {
                    found.Add(quad);
                }
            }
        }

        return found;
    }

    /// <summary>Marks a region and collects the corners of its places, those inside a row left out.</summary>
    private static void Fill(
        ReadOnlySpan<float> map, bool[] seen, Stack<int> open, int start, int width, (int Width, int Height) used, List<TextPoint> edge)
    {
        seen[start] = true;
        open.Push(start);
        while (open.TryPop(out var at))
        {
            var (x, y) = (at % width, at / width);
            if (x == 0 || x == used.Width - 1 || map[at - 1] <= Threshold || map[at + 1] <= Threshold)
            {
                edge.AddRange([new(x, y), new(x + 1, y), new(x, y + 1), new(x + 1, y + 1)]);
            }

            for (var row = Math.Max(y - 1, 0); row <= Math.Min(y + 1, used.Height - 1); row++)
            {
                for (var column = Math.Max(x - 1, 0); column <= Math.Min(x + 1, used.Width - 1); column++)
                {
                    var next = (row * width) + column;
                    if (!seen[next] && map[next] > Threshold)
                    {
                        seen[next] = true;
                        open.Push(next);
                    }
                }
            }
        }
    }

    private static TextQuad? Measure(ReadOnlySpan<float> map, int width, (int Width, int Height) used, List<TextPoint> edge)
    {
        var quad = ConvexHull.SmallestRectangle(edge);
        if (Math.Min(quad.Width, quad.Height) < ShortestSide || Score(map, width, used, quad) < LeastScore)
        {
            return null;
        }

        return quad.Grow(quad.Width * quad.Height * GrowRatio / (2 * (quad.Width + quad.Height)));
    }

    /// <summary>Mean of the map inside a rectangle.</summary>
    private static double Score(ReadOnlySpan<float> map, int width, (int Width, int Height) used, TextQuad quad)
    {
        var (sum, count) = (0.0, 0);
        var (top, bottom) = (quad.Corners.Min(corner => corner.Y), quad.Corners.Max(corner => corner.Y));
        var (left, right) = (quad.Corners.Min(corner => corner.X), quad.Corners.Max(corner => corner.X));
        for (var y = Math.Max((int)top, 0); y < Math.Min(bottom, used.Height); y++)
        {
            for (var x = Math.Max((int)left, 0); x < Math.Min(right, used.Width); x++)
            {
                if (quad.Contains(new TextPoint(x + 0.5, y + 0.5)))
                {
                    sum += map[(y * width) + x];
                    count++;
                }
            }
        }

        return count == 0 ? 0 : sum / count;
    }
}
