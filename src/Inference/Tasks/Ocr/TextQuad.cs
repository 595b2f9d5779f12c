namespace Tollgate.Inference.Tasks.Ocr;

/// <summary>A point of a picture, pixels from its upper left corner; 0.5 is the middle of the first pixel.</summary>
internal readonly record struct TextPoint(double X, double Y)
{
    public static TextPoint operator +(TextPoint a, TextPoint b) => new(a.X + b.X, a.Y + b.Y);

    public static TextPoint operator -(TextPoint a, TextPoint b) => new(a.X - b.X, a.Y - b.Y);

    public static TextPoint operator *(TextPoint a, double factor) => new(a.X * factor, a.Y * factor);

    /// <summary>Distance from the origin.</summary>
    public double Length => Math.Sqrt((X * X) + (Y * Y));
}

/// <summary>A rectangle around text, turned by any angle. The corners go clockwise from the upper left one.</summary>
internal readonly record struct TextQuad(TextPoint First, TextPoint Second, TextPoint Third, TextPoint Fourth)
{
    public double Width => (Second - First).Length;

    public double Height => (Fourth - First).Length;

    public TextPoint Center => (First + Second + Third + Fourth) * 0.25;

    public IReadOnlyList<TextPoint> Corners => [First, Second, Third, Fourth];

    /// <summary>Makes a rectangle whose first corner is the upper left one and whose first side is nearest to the horizontal, so that a
    /// leaning column keeps its short side on top.</summary>
    /// <param name="center">Its middle.</param>
    /// <param name="along">A vector along two of its sides, of any length and direction.</param>
    /// <param name="width">Length of the sides along it.</param>
    /// <param name="height">Length of the other sides.</param>
    public static TextQuad Upright(TextPoint center, TextPoint along, double width, double height)
    {
        along *= 1 / along.Length;
        if (Math.Abs(along.Y) > Math.Abs(along.X))
        {
            (along, width, height) = (new TextPoint(along.Y, -along.X), height, width);
        }

        if (along.X < 0)
        {
            along *= -1;
        }

        var (right, down) = (along * (width / 2), new TextPoint(-along.Y, along.X) * (height / 2));
        return new TextQuad(center - right - down, center + right - down, center + right + down, center - right + down);
    }

    /// <summary>The same rectangle with its corners named from the next one on, clockwise: what was its right side is its upper
    /// one.</summary>
    public TextQuad Turn(int quarters) => (quarters & 3) switch
    {
        1 => new TextQuad(Second, Third, Fourth, First),
        2 => new TextQuad(Third, Fourth, First, Second),
        3 => new TextQuad(Fourth, First, Second, Third),
        _ => this,
    };

    /// <summary>The part between two places of its upper side.</summary>
    /// <param name="from">0 at the first corner, 1 at the second one.</param>
    public TextQuad Part(double from, double to)
    {
        var (above, below) = (Second - First, Third - Fourth);
        return new TextQuad(First + (above * from), First + (above * to), Fourth + (below * to), Fourth + (below * from));
    }

    /// <summary>Moves every side outwards.</summary>
    public TextQuad Grow(double distance) =>
        Upright(Center, Second - First, Width + (2 * distance), Height + (2 * distance));

    /// <summary>The same rectangle in a picture of another size.</summary>
    public TextQuad Scale(double across, double down)
    {
        return new TextQuad(Scaled(First), Scaled(Second), Scaled(Third), Scaled(Fourth));

        TextPoint Scaled(TextPoint point) => new(point.X * across, point.Y * down);
    }

    public bool Contains(TextPoint point)
    {
        var (right, down, inside) = (Second - First, Fourth - First, point - First);
        var (x, y) = (Dot(inside, right), Dot(inside, down));
        return x >= 0 && x <= Dot(right, right) && y >= 0 && y <= Dot(down, down);
    }

    private static double Dot(TextPoint a, TextPoint b) => (a.X * b.X) + (a.Y * b.Y);
}
