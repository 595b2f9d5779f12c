using System.Runtime.InteropServices;
using SkiaSharp;

namespace Tollgate.Inference.Pictures;

/// <summary>
/// Decoded pixels outside the managed heap, four bytes each: red, green, blue, and one that means nothing. They lie as the file stored
/// them; the steps between them turn the picture upright. Dispose frees them; one owner.
/// </summary>
internal sealed unsafe class Picture : IDisposable
{
    public const int BytesPerPixel = 4;

    private byte* _pixels;

    /// <summary>Takes zeroed memory for the pixels of a file.</summary>
    /// <param name="storedWidth">Pixels of a stored row.</param>
    /// <param name="storedHeight">Stored rows.</param>
    /// <param name="origin">Where EXIF puts the first pixel of the first row.</param>
    public Picture(int storedWidth, int storedHeight, SKEncodedOrigin origin)
    {
        Length = checked((nuint)storedWidth * (nuint)storedHeight * BytesPerPixel);
        _pixels = (byte*)NativeMemory.AllocZeroed(Length);
        var (column, row) = (BytesPerPixel, storedWidth * BytesPerPixel);
        var (lastColumn, lastRow) = ((storedWidth - 1) * column, (storedHeight - 1) * row);
        (First, StepX, StepY) = origin switch
        {
            SKEncodedOrigin.TopRight => (lastColumn, -column, row),
            SKEncodedOrigin.BottomRight => (lastColumn + lastRow, -column, -row),
            SKEncodedOrigin.BottomLeft => (lastRow, column, -row),
            SKEncodedOrigin.LeftTop => (0, row, column),
            SKEncodedOrigin.RightTop => (lastRow, -row, column),
            SKEncodedOrigin.RightBottom => (lastColumn + lastRow, -row, -column),
            SKEncodedOrigin.LeftBottom => (lastColumn, row, -column),
            _ => (0, column, row),
        };
        var turned = origin is SKEncodedOrigin.LeftTop or SKEncodedOrigin.RightTop or SKEncodedOrigin.RightBottom
            or SKEncodedOrigin.LeftBottom;
        (Width, Height) = turned ? (storedHeight, storedWidth) : (storedWidth, storedHeight);
    }

    ~Picture() => Free();

    /// <summary>Copies pixels that no file holds.</summary>
    /// <param name="pixels">Three bytes a pixel, red, green, blue; rows from the top.</param>
    public static Picture Of(ReadOnlySpan<byte> pixels, int width, int height)
    {
        var picture = new Picture(width, height, SKEncodedOrigin.TopLeft);
        var target = new Span<byte>(picture._pixels, checked((int)picture.Length));
        for (int from = 0, to = 0; from < pixels.Length; from += 3, to += BytesPerPixel)
        {
            pixels.Slice(from, 3).CopyTo(target[to..]);
        }

        return picture;
    }

    /// <summary>Pixels of an upright row.</summary>
    public int Width { get; }

    /// <summary>Upright rows.</summary>
    public int Height { get; }

    /// <summary>Bytes of all pixels.</summary>
    public nuint Length { get; }

    /// <summary>Offset of the upper left pixel, bytes.</summary>
    public int First { get; }

    /// <summary>From a pixel to its right neighbour, bytes; may be negative.</summary>
    public int StepX { get; }

    /// <summary>From a pixel to the one below, bytes; may be negative.</summary>
    public int StepY { get; }

    /// <summary>The first stored pixel. Valid until the disposal.</summary>
    /// <exception cref="ObjectDisposedException">The memory has been freed.</exception>
    public byte* Pixels
    {
        get
        {
            ObjectDisposedException.ThrowIf(_pixels is null, this);
            return _pixels;
        }
    }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        NativeMemory.Free(_pixels);
        _pixels = null;
    }
}
