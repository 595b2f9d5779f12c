using Tollgate.Inference.Tasks.Ocr;

namespace Tollgate.Inference.Tests.Tasks.Ocr;

public sealed class TextGeometryTests
{
    [Fact]
    public void Corners_go_clockwise_from_the_upper_left_one_at_every_angle()
    {
        for (var degrees = -180; degrees < 180; degrees += 7)
        {
            var along = Vector(degrees);

            var quad = TextQuad.Upright(new TextPoint(50, 60), along, 30, 8);

            Assert.Equal(50, quad.Center.X, 1e-9);
            Assert.True(quad.First.X < quad.Second.X && quad.Fourth.X < quad.Third.X, $"{degrees}");
            Assert.True(quad.First.Y < quad.Fourth.Y && quad.Second.Y < quad.Third.Y, $"{degrees}");
            Assert.Equal(240, quad.Width * quad.Height, 1e-6);
            Assert.Equal(quad, quad.Turn(3).Turn(1));
        }
    }

    [Fact]
    public void SmallestRectangle_finds_a_turned_rectangle_from_points_in_it()
    {
        for (var degrees = -80; degrees <= 80; degrees += 20)
        {
            var expected = TextQuad.Upright(new TextPoint(40, 30), Vector(degrees), 25, 9);
            var points = new List<TextPoint>();
            for (var step = 0; step <= 10; step++)
            {
                points.AddRange(expected.Part(step / 10.0, step / 10.0).Corners);
            }

            var found = ConvexHull.SmallestRectangle(points);

            Assert.All(expected.Corners.Zip(found.Corners), pair => Assert.InRange((pair.First - pair.Second).Length, 0, 1e-6));
        }
    }

    [Fact]
    public void Regions_of_the_map_grow_to_the_text_around_them_and_specks_are_left_out()
    {
        var map = new float[64 * 32];
        Fill(map, 10, 8, 40, 14, 0.9f);
        Fill(map, 4, 20, 6, 22, 0.9f); // Two places.
        Fill(map, 20, 20, 40, 26, 0.4f); // Nothing sure.
        Fill(map, 58, 2, 64, 10, 0.9f); // Padding.

        var quad = Assert.Single(TextRegions.Find(map, 64, (56, 32), 10));

        var distance = 30 * 6 * 1.6 / 72;
        Assert.InRange((quad.First - new TextPoint(10 - distance, 8 - distance)).Length, 0, 1e-9);
        Assert.InRange((quad.Third - new TextPoint(40 + distance, 14 + distance)).Length, 0, 1e-9);
    }

    /// <summary>The models were trained on blue, green, red: swapped channels give likely letters with lower scores.</summary>
    [Fact]
    public void Numbers_are_blue_then_green_then_red()
    {
        var (searched, read) = (new float[3], new float[3]);

        PixelNumbers.Detection.Write([255, 0, 51, 7], 1, searched, 1);
        PixelNumbers.Recognition.Write([255, 0, 51, 7], 1, read, 1);

        AssertClose([(0.2f - 0.485f) / 0.229f, (0 - 0.456f) / 0.224f, (1 - 0.406f) / 0.225f], searched);
        AssertClose([-0.6f, -1, 1], read);

        static void AssertClose(float[] expected, float[] given) =>
            Assert.All(expected.Zip(given), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
    }

    [Fact]
    public void Fragments_of_a_line_are_joined_and_neighbours_are_not()
    {
        List<TextQuad> quads =
        [
            Box(10, 10, 60, 30), Box(64, 9, 120, 31), Box(118, 12, 130, 30), // One line, the last one a narrow letter.
            Box(160, 10, 220, 30), // The next column.
            Box(10, 28, 120, 48), // The next line.
            Box(300, 10, 320, 100), // A column of text.
        ];

        var lines = TextFragments.Join(quads);

        Assert.Equal(4, lines.Count);
        Assert.Contains(lines, line => line.Width > 115 && line.Contains(new TextPoint(125, 20)) && !line.Contains(new TextPoint(20, 40)));
    }

    [Fact]
    public void Order_is_by_rows_in_the_direction_of_most_text()
    {
        OcrLine[] lines =
        [
            Line("d", 10, 60, 200), Line("b", 200, 14, 100), Line("c", 10, 36, 150), Line("a", 10, 10, 150),
        ];
        Assert.Equal(["a", "b", "c", "d"], ReadingOrder.Sort(lines).Select(line => line.Text));
        Assert.Empty(ReadingOrder.Sort([]));

        // The same picture upside down.
        var turned = lines.Select(line => line with { Quad = line.Quad.Scale(-1, -1).Turn(2), Along = line.Along * -1 }).ToList();
        Assert.Equal(["a", "b", "c", "d"], ReadingOrder.Sort(turned).Select(line => line.Text));
    }

    private static OcrLine Line(string text, double left, double top, double width) =>
        new(text, 1, 0, Box(left, top, left + width, top + 20), new TextPoint(width, 0), []);

    private static TextQuad Box(double left, double top, double right, double bottom) => TextQuad.Upright(
        new TextPoint((left + right) / 2, (top + bottom) / 2), new TextPoint(1, 0), right - left, bottom - top);

    private static TextPoint Vector(int degrees) => new(Math.Cos(degrees * Math.PI / 180), Math.Sin(degrees * Math.PI / 180));

    private static void Fill(float[] map, int left, int top, int right, int bottom, float value)
    {
        for (var y = top; y < bottom; y++)
        {
            map.AsSpan((y * 64) + left, right - left).Fill(value);
        }
    }
}
