namespace Tollgate.Inference.Tasks.Drawing;

/// <summary>The sizes that a model draws, in pixels.</summary>
/// <param name="NativeWidth">Width of a picture whose request states no size.</param>
/// <param name="Step">Widths and heights are multiples of this; null: the native size is the only one.</param>
/// <param name="MaxPixels">The operator's bound. The native size is allowed whatever the bound.</param>
internal sealed record PictureSizes(int NativeWidth, int NativeHeight, int? Step, int MaxPixels)
{
    public static PictureSizes Of(Painter painter, int maxPixels)
    {
        var factor = painter.Layout.Factor;
        return new PictureSizes(
            painter.NativeWidth * factor, painter.NativeHeight * factor,
            painter.Graphs.LatentSize is null ? factor * painter.Layout.Granule : null, maxPixels);
    }

    public long NativePixels => (long)NativeWidth * NativeHeight;

    /// <summary>Of any picture that is allowed.</summary>
    public long MostPixels => Step is null ? NativePixels : Math.Max(NativePixels, MaxPixels);

    public bool Allows(int width, int height) => (width, height) == (NativeWidth, NativeHeight)
        || (Step is { } step && width % step == 0 && height % step == 0 && width > 0 && height > 0 && (long)width * height <= MaxPixels);

    /// <summary>A size that is allowed and close to one that is not.</summary>
    public (int Width, int Height) FindNear(int width, int height)
    {
        if (Step is not { } step || (long)step * step > MaxPixels)
        {
            return (NativeWidth, NativeHeight);
        }

        var most = MaxPixels / step / step; // Whole steps of area.
        var (across, down) = (Math.Clamp(Round(width), 1, most), Math.Clamp(Round(height), 1, most));
        while ((long)across * down > most)
        {
            (across, down) = across >= down ? (across - 1, down) : (across, down - 1);
        }

        return (across * step, down * step);

        int Round(int length) => (int)Math.Round((double)length / step);
    }
}
