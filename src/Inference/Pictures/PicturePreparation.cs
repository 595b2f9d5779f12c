namespace Tollgate.Inference.Pictures;

/// <summary>
/// How pictures become the numbers that a model reads: resized, cut to the middle, scaled and normalised. Part of a model's manifest.
/// </summary>
/// <param name="Width">Columns that the model reads.</param>
/// <param name="Height">Rows that the model reads.</param>
/// <param name="ShortestEdge">The shorter side after resizing, the proportions kept; null to resize to <paramref name="ResizeWidth"/> and
/// <paramref name="ResizeHeight"/> whatever the proportions.</param>
/// <param name="Factor">What a channel of 0 to 255 is multiplied by.</param>
/// <param name="Mean">Subtracted after scaling; red, green, blue.</param>
/// <param name="Deviation">What divides the difference; red, green, blue.</param>
/// <param name="ChannelsLast">Whether the tensor is <c>[batch, height, width, 3]</c> instead of <c>[batch, 3, height, width]</c>.</param>
internal sealed record PicturePreparation(
    int Width, int Height, int? ShortestEdge, int ResizeWidth, int ResizeHeight, ResizeFilter Resample, double Factor,
    IReadOnlyList<double> Mean, IReadOnlyList<double> Deviation, bool ChannelsLast)
{
    private const int Channels = 3;

    /// <summary>Numbers of one picture's tensor.</summary>
    public int Length => Channels * Width * Height;

    /// <summary>Shape of a tensor of several pictures.</summary>
    public long[] Shape(int pictures) => ChannelsLast ? [pictures, Height, Width, Channels] : [pictures, Channels, Height, Width];

    /// <summary>Resizes the picture and cuts out what the model reads: four bytes a pixel, row by row. A picture of exactly the model's
    /// size has been prepared by its sender, and is taken as it is.</summary>
    /// <remarks>The longer side is rounded down, and an odd remainder of the cut stays at the right and below, as in the image processors
    /// of the transformers library.</remarks>
    public byte[] Fit(Picture picture)
    {
        var (width, height) = (ResizeWidth, ResizeHeight);
        if (picture.Width == Width && picture.Height == Height)
        {
            (width, height) = (Width, Height);
        }
        else if (ShortestEdge is { } edge)
        {
            (width, height) = picture.Width <= picture.Height
                ? (edge, (int)((long)edge * picture.Height / picture.Width)) : ((int)((long)edge * picture.Width / picture.Height), edge);
        }

        return PictureResizer.Resize(
            picture, Resample, width, height, new PicturePart((width - Width) / 2, (height - Height) / 2, Width, Height));
    }

    /// <summary>The value of each channel byte: <c>(byte × factor − mean) ÷ deviation</c>, channel by channel.</summary>
    public float[][] MakeTables() =>
    [
        .. Enumerable.Range(0, Channels).Select(channel => Enumerable.Range(0, 256)
            .Select(value => (float)(((value * Factor) - Mean[channel]) / Deviation[channel])).ToArray()),
    ];

    /// <summary>Writes a fitted picture as numbers.</summary>
    /// <param name="fitted">From <see cref="Fit"/>.</param>
    /// <param name="tables">From <see cref="MakeTables"/>.</param>
    /// <param name="tensor">Receives <see cref="Length"/> numbers.</param>
    public void Write(ReadOnlySpan<byte> fitted, float[][] tables, Span<float> tensor)
    {
        var pixels = Width * Height;
        var (pixelStep, channelStep) = ChannelsLast ? (Channels, 1) : (1, pixels);
        for (var channel = 0; channel < Channels; channel++)
        {
            var table = tables[channel];
            for (var pixel = 0; pixel < pixels; pixel++)
            {
                tensor[(pixel * pixelStep) + (channel * channelStep)] = table[fitted[(pixel * Picture.BytesPerPixel) + channel]];
            }
        }
    }
}
