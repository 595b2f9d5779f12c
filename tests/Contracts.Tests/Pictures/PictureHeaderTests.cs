using Tollgate.Contracts.Pictures;
using Tollgate.Testing;

namespace Tollgate.Contracts.Tests.Pictures;

public sealed class PictureHeaderTests
{
    public static TheoryData<PictureFormat, byte[]> Samples => new()
    {
        { PictureFormat.Png, PictureBytes.Plain(3, 2, 1, 2, 3) },
        { PictureFormat.Gif, PictureBytes.Gif },
        { PictureFormat.WebP, PictureBytes.WebP },
        { PictureFormat.Bmp, PictureBytes.Bmp(3, 2, new byte[18]) },
        { PictureFormat.Jpeg, PictureBytes.InkJpeg },
    };

    [Theory]
    [MemberData(nameof(Samples))]
    public void Read_finds_format_and_size(PictureFormat format, byte[] file)
    {
        var fault = PictureHeader.Read(file, out var header);

        Assert.Equal(PictureFault.None, fault);
        Assert.Equal(format == PictureFormat.Jpeg ? new(format, 8, 8) : new PictureHeader(format, 3, 2), header);
        Assert.Equal(format == PictureFormat.Jpeg ? 64 : 6, header.Pixels);
    }

    [Theory]
    [InlineData("VP8 ", "302a009d012a0300020000", 3, 2)]
    [InlineData("VP8X", "000000000200000100000000", 3, 2)]
    [InlineData("VP8X", "00000000ff3f00000000ff00", 16_384, 1)]
    public void Read_finds_the_size_in_each_form_of_WebP(string chunk, string data, int width, int height)
    {
        byte[] file = [.. "RIFF\0\0\0\0WEBP"u8, .. System.Text.Encoding.ASCII.GetBytes(chunk), 10, 0, 0, 0, .. Convert.FromHexString(data)];

        Assert.Equal(PictureFault.None, PictureHeader.Read(file, out var header));
        Assert.Equal(new PictureHeader(PictureFormat.WebP, width, height), header);
    }

    [Theory]
    [InlineData(60_000, 60_000)]
    [InlineData(16_385, 1)]
    [InlineData(1, 16_385)]
    [InlineData(5001, 5000)]
    [InlineData(uint.MaxValue, uint.MaxValue)]
    public void Read_refuses_a_size_above_the_limits(uint width, uint height) =>
        Assert.Equal(PictureFault.TooLarge, PictureHeader.Read(PictureBytes.LyingPng(width, height), out _));

    [Fact]
    public void Read_takes_a_picture_at_the_limits()
    {
        Assert.Equal(PictureFault.None, PictureHeader.Read(PictureBytes.LyingPng(5000, 5000), out _));
        Assert.Equal(PictureFault.None, PictureHeader.Read(PictureBytes.LyingPng(16_384, 1), out _));
    }

    [Fact]
    public void Read_refuses_an_animation()
    {
        Assert.Equal(PictureFault.Animated, PictureHeader.Read(PictureBytes.AnimatedGif, out _));
        Assert.Equal(PictureFault.Animated, PictureHeader.Read(PictureBytes.AnimatedWebP, out _));
        Assert.Equal(PictureFault.Animated, PictureHeader.Read(PictureBytes.AnimatedPng, out _));
    }

    /// <summary>Each scan of a progressive file may pass over the whole picture.</summary>
    [Fact]
    public void Read_refuses_a_JPEG_of_very_many_scans()
    {
        byte[] frame = [0xFF, 0xD8, 0xFF, 0xC2, 0, 11, 8, 0, 8, 0, 8, 1, 1, 0x11, 0];
        byte[] scan = [0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 0, 0, 0x12, 0x34];

        Assert.Equal(PictureFault.None, PictureHeader.Read([.. frame, .. Repeat(scan, 64)], out _));
        Assert.Equal(PictureFault.BrokenHeader, PictureHeader.Read([.. frame, .. Repeat(scan, 65)], out _));
    }

    [Theory]
    [MemberData(nameof(Samples))]
    public void Read_never_throws_for_a_file_cut_at_any_byte_or_changed_at_random(PictureFormat format, byte[] file)
    {
        for (var length = 0; length <= file.Length; length++)
        {
            var fault = PictureHeader.Read(file.AsSpan(0, length), out _);
            Assert.True(length >= 13 || fault != PictureFault.None, $"{format} of {length} bytes");
        }

        var random = new Random(20261129);
        for (var i = 0; i < 20_000; i++)
        {
            var changed = (byte[])file.Clone();
            for (var edits = random.Next(1, 5); edits > 0; edits--)
            {
                changed[random.Next(changed.Length)] = (byte)random.Next(256);
            }

            if (PictureHeader.Read(changed, out var header) == PictureFault.None)
            {
                Assert.InRange(header.Width, 1, PictureHeader.LongestSide);
                Assert.InRange(header.Height, 1, PictureHeader.LongestSide);
                Assert.InRange(header.Pixels, 1, PictureHeader.MostPixels);
            }
        }
    }

    private static byte[] Repeat(byte[] part, int times) => [.. Enumerable.Repeat(part, times).SelectMany(bytes => bytes)];
}
