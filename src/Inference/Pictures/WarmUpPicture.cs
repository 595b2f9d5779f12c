using SkiaSharp;
using Tollgate.Contracts.Pictures;

namespace Tollgate.Inference.Pictures;

/// <summary>A picture for a model that is warmed up. It is decoded as those of requests are, so that the decoder is loaded and compiled
/// too.</summary>
internal static class WarmUpPicture
{
    private const int Width = 640;
    private const int Height = 480;
    private const int Quality = 90;
    private static readonly SKColor Grey = new(128, 128, 128);

    /// <summary>A grey JPEG of 640 × 480, decoded.</summary>
    /// <exception cref="InvalidOperationException">Skia cannot write or read it.</exception>
    public static Picture Decode()
    {
        using var bitmap = new SKBitmap(Width, Height, SKColorType.Rgba8888, SKAlphaType.Opaque);
        bitmap.Erase(Grey);
        using var file = bitmap.Encode(SKEncodedImageFormat.Jpeg, Quality)
            ?? throw new InvalidOperationException("Skia cannot write a JPEG.");
        return PictureHeader.Read(file.AsSpan(), out var header) == PictureFault.None
            ? PictureDecoder.Decode(file.AsSpan(), header) ?? throw new InvalidOperationException("Skia cannot read its own JPEG.")
            : throw new InvalidOperationException("The header of Skia's JPEG is not understood.");
    }
}
