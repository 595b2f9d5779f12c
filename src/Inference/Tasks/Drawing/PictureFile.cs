using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;
using SkiaSharp;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Inference.Tasks.Drawing;

/// <summary>Files of drawn pictures. Each states in its XMP that a trained model made it, as IPTC's digital source type.</summary>
internal static class PictureFile
{
    private const string JpegHeading = "http://ns.adobe.com/xap/1.0/\0";
    private const byte WebpHasXmp = 0x04;
    private const int WebpHeading = 12;

    private static readonly byte[] Xmp = Encoding.UTF8.GetBytes(
        "<?xpacket begin=\"\uFEFF\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?><x:xmpmeta xmlns:x=\"adobe:ns:meta/\">"
        + "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\"><rdf:Description rdf:about=\"\""
        + " xmlns:Iptc4xmpExt=\"http://iptc.org/std/Iptc4xmpExt/2008-02-29/\""
        + " Iptc4xmpExt:DigitalSourceType=\"http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia\"/>"
        + "</rdf:RDF></x:xmpmeta><?xpacket end=\"r\"?>");

    /// <summary>Writes a file of each format, so that a model is not ready where Skia's native library does not load.</summary>
    public static void WarmUp()
    {
        foreach (var format in Enum.GetValues<ImageOutputFormat>())
        {
            Encode([0, 0, 0], 1, 1, format, 100);
        }
    }

    /// <param name="pixels">Three bytes a pixel, red, green, blue; rows from the top.</param>
    /// <param name="quality">Of JPEG and WebP, 0 to 100.</param>
    public static byte[] Encode(byte[] pixels, int width, int height, ImageOutputFormat format, int quality)
    {
        using var bitmap = new SKBitmap(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        var target = bitmap.GetPixelSpan();
        for (int from = 0, to = 0; from < pixels.Length; from += 3, to += 4)
        {
            pixels.AsSpan(from, 3).CopyTo(target[to..]);
            target[to + 3] = byte.MaxValue;
        }

        using var data = bitmap.Encode(
            format switch
            {
                ImageOutputFormat.Png => SKEncodedImageFormat.Png,
                ImageOutputFormat.Jpeg => SKEncodedImageFormat.Jpeg,
                _ => SKEncodedImageFormat.Webp,
            },
            quality) ?? throw new InvalidOperationException($"A picture of {width} × {height} could not be written as {format}.");
        return format switch
        {
            ImageOutputFormat.Png => MarkPng(data.AsSpan()),
            ImageOutputFormat.Jpeg => MarkJpeg(data.AsSpan()),
            _ => MarkWebp(data.AsSpan(), width, height),
        };
    }

    /// <summary>Puts an iTXt chunk behind the header. XMP specification, part 3, section 1.1.5.</summary>
    private static byte[] MarkPng(ReadOnlySpan<byte> file)
    {
        const int HeaderEnd = 8 + 25; // Signature and IHDR.
        byte[] body = [.. "iTXt"u8, .. "XML:com.adobe.xmp\0\0\0\0\0"u8, .. Xmp];
        Span<byte> length = stackalloc byte[4];
        Span<byte> check = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, body.Length - 4);
        BinaryPrimitives.WriteUInt32BigEndian(check, Crc32.HashToUInt32(body));
        return [.. file[..HeaderEnd], .. length, .. body, .. check, .. file[HeaderEnd..]];
    }

    /// <summary>Puts an APP1 segment behind the start. XMP specification, part 3, section 1.1.3.</summary>
    private static byte[] MarkJpeg(ReadOnlySpan<byte> file)
    {
        byte[] body = [.. Encoding.ASCII.GetBytes(JpegHeading), .. Xmp];
        Span<byte> length = stackalloc byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)(body.Length + 2));
        return [.. file[..2], 0xFF, 0xE1, .. length, .. body, .. file[2..]];
    }

    /// <summary>Puts a chunk at the end, and the extended header that it needs at the front. RFC 9649, sections 2.7 and 2.7.1.</summary>
    private static byte[] MarkWebp(ReadOnlySpan<byte> file, int width, int height)
    {
        var chunks = file[WebpHeading..];
        byte[] header;
        if (chunks.StartsWith("VP8X"u8))
        {
            header = chunks[..18].ToArray();
            chunks = chunks[18..];
        }
        else
        {
            header = new byte[18];
            "VP8X"u8.CopyTo(header);
            header[4] = 10;
            WriteSide(header.AsSpan(12), width);
            WriteSide(header.AsSpan(15), height);
        }

        header[8] |= WebpHasXmp;
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, Xmp.Length);
        byte[] mark = [.. "XMP "u8, .. length, .. Xmp, .. new byte[Xmp.Length % 2]];
        byte[] body = [.. "WEBP"u8, .. header, .. chunks, .. mark];
        BinaryPrimitives.WriteInt32LittleEndian(length, body.Length);
        return [.. "RIFF"u8, .. length, .. body];

        static void WriteSide(Span<byte> at, int side) =>
            (at[0], at[1], at[2]) = ((byte)(side - 1), (byte)((side - 1) >> 8), (byte)((side - 1) >> 16));
    }
}
