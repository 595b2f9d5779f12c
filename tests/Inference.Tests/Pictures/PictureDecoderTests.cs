using SkiaSharp;
using Tollgate.Contracts.Pictures;
using Tollgate.Inference.Pictures;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Pictures;

public sealed class PictureDecoderTests
{
    /// <summary>Red, green, blue; blue, green, red.</summary>
    private static readonly byte[] SixPixels = [255, 0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 255, 0, 255, 0, 255, 0, 0];

    private static readonly (PictureFormat Format, byte[] File)[] Files =
    [
        (PictureFormat.Png, PictureBytes.Png(3, 2, 8, 2, SixPixels)),
        (PictureFormat.Gif, PictureBytes.Gif),
        (PictureFormat.WebP, PictureBytes.WebP),
        (PictureFormat.Bmp, PictureBytes.Bmp(3, 2, SixPixels)),
        (PictureFormat.Jpeg, PictureBytes.InkJpeg),
        (PictureFormat.Jpeg, Encode(SKEncodedImageFormat.Jpeg)),
        (PictureFormat.WebP, Encode(SKEncodedImageFormat.Webp)),
        (PictureFormat.Png, Encode(SKEncodedImageFormat.Png)),
    ];

    public static TheoryData<int> Numbers => [.. Enumerable.Range(0, Files.Length)];

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Decode_reads_each_format_without_loss(int number) => Assert.Equal(SixPixels, Read(Files[number].File));

    [Fact]
    public void Decode_reads_grey_deep_and_inked_pictures()
    {
        Assert.Equal([7, 7, 7, 200, 200, 200], Read(PictureBytes.Png(2, 1, 8, 0, [7, 200])));
        Assert.Equal([7, 7, 7, 200, 200, 200], Read(PictureBytes.Png(2, 1, 16, 0, [7, 7, 200, 200])));
        Assert.Equal([1, 2, 3], Read(PictureBytes.Png(1, 1, 16, 2, [1, 1, 2, 2, 3, 3])));
        var ink = Read(PictureBytes.InkJpeg);
        Assert.All(ink![..3].Zip([0, 0, 39]), pair => Assert.InRange(pair.First, pair.Second - 3, pair.Second + 3));
    }

    [Fact]
    public void Decode_leaves_transparency_out_and_keeps_the_colour_beneath()
    {
        Assert.Equal([10, 20, 30, 40, 50, 60], Read(PictureBytes.Png(2, 1, 8, 6, [10, 20, 30, 255, 40, 50, 60, 0])));
        Assert.Equal([9, 9, 9], Read(PictureBytes.Png(1, 1, 8, 4, [9, 3])));
    }

    /// <summary>The corners of a stored picture of 16 × 8 pixels are red, green, blue and white; EXIF states where they belong.</summary>
    [Theory]
    [InlineData(1, "rgbw")]
    [InlineData(2, "grwb")]
    [InlineData(3, "wbgr")]
    [InlineData(4, "bwrg")]
    [InlineData(5, "rbgw")]
    [InlineData(6, "brwg")]
    [InlineData(7, "wgbr")]
    [InlineData(8, "gwrb")]
    public void A_picture_is_turned_upright_by_its_EXIF_orientation(byte orientation, string corners)
    {
        var file = PictureBytes.Turned(Corners(), orientation);
        Assert.Equal(PictureFault.None, PictureHeader.Read(file, out var header));
        using var picture = PictureDecoder.Decode(file, header)!;

        var upright = PictureResizer.Resize(
            picture, ResizeFilter.Bicubic, picture.Width, picture.Height, new PicturePart(0, 0, picture.Width, picture.Height));

        Assert.Equal(orientation < 5 ? (16, 8) : (8, 16), (picture.Width, picture.Height));
        var (right, bottom) = (picture.Width - 2, picture.Height - 2);
        Assert.Equal(
            corners,
            string.Concat(new[] { (1, 1), (right, 1), (1, bottom), (right, bottom) }.Select(at => Name(upright, picture.Width, at))));
    }

    [Theory]
    [MemberData(nameof(Numbers))]
    public void A_file_cut_at_any_byte_is_refused_or_whole(int number)
    {
        var file = Files[number].File;
        var whole = Read(file);

        for (var length = 0; length < file.Length; length++)
        {
            // The last bytes of some formats say nothing about pixels.
            Assert.True(Read(file.AsSpan(0, length)) is not { } cut || cut.SequenceEqual(whole), $"{length} of {file.Length} bytes");
        }
    }

    [Theory]
    [MemberData(nameof(Numbers))]
    public void A_file_changed_at_random_is_read_or_refused(int number)
    {
        var file = Files[number].File;
        var random = new Random(20261129 + number);

        for (var i = 0; i < 500; i++)
        {
            var changed = (byte[])file.Clone();
            for (var edits = random.Next(1, 6); edits > 0; edits--)
            {
                changed[random.Next(changed.Length)] = (byte)random.Next(256);
            }

            Read(changed); // Never throws, and takes no more memory than the header's limits allow.
        }
    }

    [Fact]
    public void A_header_that_states_more_pixels_than_the_file_has_is_refused()
    {
        Assert.Null(Read(PictureBytes.LyingPng(5000, 5000)));
        Assert.Null(PictureDecoder.Decode(PictureBytes.Gif, new PictureHeader(PictureFormat.Gif, 2, 2)));
        Assert.Null(PictureDecoder.Decode(PictureBytes.Gif, new PictureHeader(PictureFormat.Png, 3, 2)));
    }

    /// <summary>Red, green and blue of the upright picture, row by row; null where it is refused.</summary>
    private static byte[]? Read(ReadOnlySpan<byte> file)
    {
        if (PictureHeader.Read(file, out var header) != PictureFault.None)
        {
            return null;
        }

        using var picture = PictureDecoder.Decode(file, header);
        return picture is null ? null :
        [
            .. PictureResizer.Resize(
                picture, ResizeFilter.Bicubic, picture.Width, picture.Height, new PicturePart(0, 0, picture.Width, picture.Height))
                .Where((_, i) => i % Picture.BytesPerPixel != 3),
        ];
    }

    private static char Name(byte[] pixels, int width, (int X, int Y) at)
    {
        var pixel = pixels.AsSpan(((at.Y * width) + at.X) * Picture.BytesPerPixel, 3);
        return (pixel[0] > 128, pixel[1] > 128, pixel[2] > 128) switch
        {
            (true, false, false) => 'r',
            (false, true, false) => 'g',
            (false, false, true) => 'b',
            (true, true, true) => 'w',
            _ => '?',
        };
    }

    private static byte[] Corners()
    {
        using var bitmap = new SKBitmap(16, 8);
        for (var y = 0; y < 8; y++)
        {
            for (var x = 0; x < 16; x++)
            {
                bitmap.SetPixel(x, y, (x < 8, y < 4) switch
                {
                    (true, true) => SKColors.Red,
                    (false, true) => new SKColor(0, 255, 0),
                    (true, false) => SKColors.Blue,
                    _ => SKColors.White,
                });
            }
        }

        using var data = bitmap.Encode(SKEncodedImageFormat.Jpeg, 100);
        return data.ToArray();
    }

    private static byte[] Encode(SKEncodedImageFormat format)
    {
        using var bitmap = new SKBitmap(24, 17);
        for (var y = 0; y < 17; y++)
        {
            for (var x = 0; x < 24; x++)
            {
                bitmap.SetPixel(x, y, new SKColor((byte)(x * 10), (byte)(y * 15), (byte)(x * y)));
            }
        }

        using var data = bitmap.Encode(format, 90);
        return data.ToArray();
    }
}
