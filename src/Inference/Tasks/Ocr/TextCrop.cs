using SkiaSharp;
using Tollgate.Inference.Pictures;

namespace Tollgate.Inference.Tasks.Ocr;

/// <summary>A line of text cut out of its picture, on the managed heap so that the picture's memory can be freed.</summary>
/// <param name="Pixels">Four bytes each, row by row.</param>
/// <param name="Width">Pixels of a row.</param>
/// <param name="Height">Rows.</param>
internal sealed record TextCrop(byte[] Pixels, int Width, int Height)
{
    /// <summary>Longest side at which a line is cut out.</summary>
    private const int LongestSide = 16_384;

    /// <summary>Cuts a rectangle out, its first side upper.</summary>
    /// <param name="mostRows">A taller one is shrunk, as the graphs read fewer rows.</param>
    public static TextCrop Cut(Picture picture, TextQuad quad, int mostRows)
    {
        using var cut = PictureUnwarp.Cut(picture, quad, LongestSide);
        var (width, height) = cut.Height <= mostRows ? (cut.Width, cut.Height)
            : (Math.Max((int)Math.Round((double)cut.Width * mostRows / cut.Height), 1), mostRows);
        return Resize(cut, width, height);
    }

    /// <summary>The same line turned clockwise.</summary>
    /// <param name="quarters">1 to 3.</param>
    public TextCrop Turn(int quarters)
    {
        using var turned = Open(quarters switch
        {
            1 => SKEncodedOrigin.RightTop,
            2 => SKEncodedOrigin.BottomRight,
            _ => SKEncodedOrigin.LeftBottom,
        });
        return Resize(turned, turned.Width, turned.Height);
    }

    /// <summary>The part between two columns.</summary>
    public TextCrop Part(int from, int to)
    {
        var part = new byte[(to - from) * Height * Picture.BytesPerPixel];
        for (var y = 0; y < Height; y++)
        {
            var row = Pixels.AsSpan(((y * Width) + from) * Picture.BytesPerPixel, (to - from) * Picture.BytesPerPixel);
            row.CopyTo(part.AsSpan(y * row.Length));
        }

        return new TextCrop(part, to - from, Height);
    }

    /// <summary>The pixels at another size, four bytes each.</summary>
    public byte[] Resize(int width, int height)
    {
        using var picture = Open(SKEncodedOrigin.TopLeft);
        return Resize(picture, width, height).Pixels;
    }

    private static TextCrop Resize(Picture picture, int width, int height) => new(
        PictureResizer.Resize(picture, ResizeFilter.Bilinear, width, height, new PicturePart(0, 0, width, height)), width, height);

    private unsafe Picture Open(SKEncodedOrigin origin)
    {
        var picture = new Picture(Width, Height, origin);
        Pixels.CopyTo(new Span<byte>(picture.Pixels, Pixels.Length));
        return picture;
    }
}
