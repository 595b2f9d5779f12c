namespace Tollgate.Contracts.Pictures;

/// <summary>
/// What the beginning of a picture's file states, read before anything is decoded: a gateway bounds the pixels of a request by it, and a
/// worker takes no memory for a picture that it refuses.
/// </summary>
/// <param name="Width">Pixels of a stored row, 1 to <see cref="LongestSide"/>. EXIF may turn the picture afterwards.</param>
/// <param name="Height">Stored rows, 1 to <see cref="LongestSide"/>.</param>
public readonly record struct PictureHeader(PictureFormat Format, int Width, int Height)
{
    /// <summary>Longest row or column, pixels.</summary>
    public const int LongestSide = 16_384;

    /// <summary>Most pixels of one picture. Decoded they take four bytes each.</summary>
    public const int MostPixels = 25_000_000;

    public long Pixels => (long)Width * Height;

    /// <summary>Reads the header of a file. Never throws, whatever the bytes are, and takes no memory.</summary>
    /// <param name="header">Set where the result is <see cref="PictureFault.None"/>.</param>
    public static PictureFault Read(ReadOnlySpan<byte> file, out PictureHeader header)
    {
        header = default;
        if (file.IsEmpty)
        {
            return PictureFault.Empty;
        }

        if (Recognize(file) is not { } format)
        {
            return PictureFault.UnknownFormat;
        }

        var found = format switch
        {
            PictureFormat.Png => PngHeader.Read(file),
            PictureFormat.Jpeg => JpegHeader.Read(file),
            PictureFormat.Gif => GifHeader.Read(file),
            PictureFormat.WebP => WebPHeader.Read(file),
            _ => BmpHeader.Read(file),
        };
        if (found is not { Width: > 0, Height: > 0 } size)
        {
            return PictureFault.BrokenHeader;
        }

        if (size.Width > LongestSide || size.Height > LongestSide || size.Width * size.Height > MostPixels)
        {
            return PictureFault.TooLarge;
        }

        header = new PictureHeader(format, (int)size.Width, (int)size.Height);
        return size.Animated ? PictureFault.Animated : PictureFault.None;
    }

    private static PictureFormat? Recognize(ReadOnlySpan<byte> file) => file switch
    {
        _ when file.StartsWith(PngHeader.Signature) => PictureFormat.Png,
        _ when file.StartsWith(JpegHeader.Signature) => PictureFormat.Jpeg,
        _ when file.StartsWith("GIF87a"u8) || file.StartsWith("GIF89a"u8) => PictureFormat.Gif,
        _ when file.StartsWith("RIFF"u8) && file.Length >= 12 && file[8..12].SequenceEqual("WEBP"u8) => PictureFormat.WebP,
        _ when file.StartsWith("BM"u8) => PictureFormat.Bmp,
        _ => null,
    };
}

/// <summary>Formats of picture files that are read.</summary>
public enum PictureFormat
{
    Png,
    Jpeg,
    Gif,
    WebP,
    Bmp,
}

/// <summary>Why a picture is refused before it is decoded.</summary>
public enum PictureFault
{
    None = 0,

    /// <summary>The file has no byte.</summary>
    Empty,

    /// <summary>The first bytes are of no format in <see cref="PictureFormat"/>.</summary>
    UnknownFormat,

    /// <summary>The header is cut off or contradicts its format.</summary>
    BrokenHeader,

    /// <summary>A side or the area is above the limits.</summary>
    TooLarge,

    /// <summary>The file has more than one frame.</summary>
    Animated,
}

/// <summary>The size that a header states, unchecked.</summary>
internal readonly record struct StatedSize(long Width, long Height, bool Animated = false);
