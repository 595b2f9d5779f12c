namespace Tollgate.Inference.Tasks.Detection;

/// <summary>A rectangle, from the upper left corner on.</summary>
internal readonly record struct ObjectBox(float Left, float Top, float Right, float Bottom)
{
    private double Area => (double)(Right - Left) * (Bottom - Top);

    /// <summary>What two rectangles share, as a part of what they cover together; 0 where one is empty.</summary>
    public double Overlap(ObjectBox other)
    {
        if (Right <= Left || Bottom <= Top || other.Right <= other.Left || other.Bottom <= other.Top)
        {
            return 0;
        }

        double width = Math.Min(Right, other.Right) - Math.Max(Left, other.Left);
        double height = Math.Min(Bottom, other.Bottom) - Math.Max(Top, other.Top);
        var shared = Math.Max(width, 0) * Math.Max(height, 0);
        return shared / (Area + other.Area - shared);
    }

    public ObjectBox Scale(float across, float down) => new(Left * across, Top * down, Right * across, Bottom * down);
}
