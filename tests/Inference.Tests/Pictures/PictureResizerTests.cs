using System.Security.Cryptography;
using Tollgate.Contracts.Pictures;
using Tollgate.Inference.Pictures;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Pictures;

public sealed class PictureResizerTests
{
    /// <summary>Hashes of what Pillow 9.4 made of the same picture, bit for bit.</summary>
    [Theory]
    [InlineData(1, 16, 9, "66482522826838655a2b3f20fef41774")]
    [InlineData(1, 50, 40, "54f801895ddec68bff95e2134efe9d25")]
    [InlineData(1, 37, 11, "952ccfb78f25591239bc46eaaba2c2cc")]
    [InlineData(1, 12, 23, "ff22939ad3490c0ce6a83430e0c35ed2")]
    [InlineData(2, 16, 9, "4f29d288de6027ae52df3382a8335bbf")]
    [InlineData(2, 50, 40, "c0fb39828aaf19159ca732c95c734e4d")]
    [InlineData(2, 37, 11, "f1abc9e4b7501f103c5787f808c0563e")]
    [InlineData(2, 12, 23, "19a2c7f18c6aa7c669f1f8d6483d7fb8")]
    [InlineData(3, 16, 9, "bf0c00a1a8b5dccabfb1abc03dd3c5fc")]
    [InlineData(3, 50, 40, "95934ded6259b349782e55b1ef5abc4f")]
    [InlineData(3, 37, 11, "5e42fd27b00cef5cb06c60459a7721dd")]
    [InlineData(3, 12, 23, "9fde67e35019050131fb93b531beff37")]
    public void Resize_equals_Pillow(int filter, int width, int height, string hash)
    {
        using var picture = Pattern();

        var resized = PictureResizer.Resize(picture, (ResizeFilter)filter, width, height, new PicturePart(0, 0, width, height));

        Assert.Equal(hash, Convert.ToHexStringLower(SHA256.HashData(Colours(resized)))[..32]);
    }

    [Fact]
    public void A_part_equals_the_same_part_of_the_whole()
    {
        using var picture = Pattern();
        var whole = Colours(PictureResizer.Resize(picture, ResizeFilter.Bicubic, 20, 15, new PicturePart(0, 0, 20, 15)));

        var part = Colours(PictureResizer.Resize(picture, ResizeFilter.Bicubic, 20, 15, new PicturePart(4, 3, 7, 5)));

        var expected = from y in Enumerable.Range(3, 5) from x in Enumerable.Range(4 * 3, 7 * 3) select whole[(y * 20 * 3) + x];
        Assert.Equal(expected, part);
    }

    /// <summary>A strip of one pixel's height becomes millions of columns on paper; only the part is computed.</summary>
    [Fact]
    public void A_long_strip_is_resized_within_the_part_alone()
    {
        using var strip = PictureDecoder.Decode(
            PictureBytes.Plain(16_384, 1, 9, 8, 7), new PictureHeader(PictureFormat.Png, 16_384, 1))!;

        var part = PictureResizer.Resize(strip, ResizeFilter.Bicubic, 256 * 16_384, 256, new PicturePart(2_000_000, 16, 224, 224));

        Assert.Equal([9, 8, 7], Colours(part)[..3]);
    }

    private static Picture Pattern()
    {
        const int Width = 37;
        const int Height = 23;
        var samples = new byte[Width * Height * 3];
        for (var y = 0; y < Height; y++)
        {
            for (var x = 0; x < Width; x++)
            {
                var at = ((y * Width) + x) * 3;
                samples[at] = (byte)((x * 7) + (y * 3));
                samples[at + 1] = (byte)((x * x) + (y * 5));
                samples[at + 2] = (byte)((x * y * 11) + 40);
            }
        }

        return PictureDecoder.Decode(
            PictureBytes.Png(Width, Height, 8, 2, samples), new PictureHeader(PictureFormat.Png, Width, Height))!;
    }

    private static byte[] Colours(byte[] pixels) => [.. pixels.Where((_, i) => i % Picture.BytesPerPixel != 3)];
}
