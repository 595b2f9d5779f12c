using SkiaSharp;
using Tollgate.Contracts.Pictures;

namespace Tollgate.Inference.Pictures;

/// <summary>
/// Decodes picture files through Skia: no colour profile is applied and a transparent pixel keeps the colour that is stored beneath it, as
/// the image processors do with which models were trained. Stateless.
/// </summary>
internal static class PictureDecoder
{
    /// <summary>Decodes a file whose header has been checked. Null where the file is cut off or damaged, or where the decoder finds another
    /// format or size than the header stated; no memory is taken for pixels then.</summary>
    public static unsafe Picture? Decode(ReadOnlySpan<byte> file, PictureHeader header)
    {
        fixed (byte* bytes = file)
        {
            using var data = SKData.Create((nint)bytes, file.Length);
            using var codec = SKCodec.Create(data);
            if (codec is null || codec.EncodedFormat != FormatOf(header.Format)
                || codec.Info.Width != header.Width || codec.Info.Height != header.Height)
            {
                return null;
            }

            var picture = new Picture(header.Width, header.Height, codec.EncodedOrigin);
            var wanted = new SKImageInfo(header.Width, header.Height, SKColorType.Rgba8888, SKAlphaType.Unpremul, colorspace: null);
            if (codec.GetPixels(wanted, (nint)picture.Pixels) == SKCodecResult.Success)
            {
                return picture;
            }

            picture.Dispose();
            return null;
        }
    }

    private static SKEncodedImageFormat FormatOf(PictureFormat format) => format switch
    {
        PictureFormat.Png => SKEncodedImageFormat.Png,
        PictureFormat.Jpeg => SKEncodedImageFormat.Jpeg,
        PictureFormat.Gif => SKEncodedImageFormat.Gif,
        PictureFormat.WebP => SKEncodedImageFormat.Webp,
        _ => SKEncodedImageFormat.Bmp,
    };
}
