using System.Buffers.Binary;
using System.IO.Compression;

namespace Tollgate.Testing;

/// <summary>Small picture files for tests, and files that lie about their size.</summary>
public static class PictureBytes
{
    /// <summary>3 × 2 pixels: red, green, blue, blue, green, red. Written by Pillow.</summary>
    public static byte[] Gif { get; } =
        Convert.FromBase64String("R0lGODdhAwACAIEAAP8AAAD/AAAA/////ywAAAAAAwACAAAICQABBBAgIACAgAA7");

    /// <summary>The same pixels without loss.</summary>
    public static byte[] WebP { get; } =
        Convert.FromBase64String("UklGRioAAABXRUJQVlA4TB4AAAAvAkAAABcgEEjaH3qN+RcQFPk/2vwHXwpuQBLR/xA=");

    /// <summary>The same pixels and a second frame.</summary>
    public static byte[] AnimatedGif { get; } = Convert.FromBase64String(
        "R0lGODlhAwACAIEAAP8AAAD/AAAA/////yH5BAAKAAAALAAAAAADAAIAAAgJAAEEECAgAICAACH5BAAKAAAALAAAAAACAAIAgf8AAAAA/wAAAAAAAAgHAAMEAAAgIAA7");

    /// <summary>The same pixels and a second frame.</summary>
    public static byte[] AnimatedWebP { get; } = Convert.FromBase64String(
        "UklGRpgAAABXRUJQVlA4WAoAAAACAAAAAgAAAQAAQU5JTQYAAAAAAAAAAABBTk1GNgAAAAAAAAAAAAIAAAEAAAAAAAJWUDhMHgAAAC8CQAAAFyAQSNofeo35FxAU"
        + "+T/a/AdfCm5AEtH/EEFOTUYuAAAAAAAAAAAAAQAAAQAAAAAAAFZQOEwWAAAALwFAAAAPEPO///MfDhQCCICCJqL/wQ==");

    /// <summary>The same pixels and a second frame.</summary>
    public static byte[] AnimatedPng { get; } = Convert.FromBase64String(
        "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAIAAAASFvFNAAAACGFjVEwAAAACAAAAAPONk3AAAAAaZmNUTAAAAAAAAAADAAAAAgAAAAAAAAAAAAAD6AAAugXeyAAAABRJ"
        + "REFUeJxj+M/AwIDA/xn+MzAAADvYBfso8+rdAAAAGmZjVEwAAAABAAAAAgAAAAIAAAAAAAAAAAAAA+gAAPaUtEQAAAAaZmRBVAAAAAJ4nGNkYPjPwMDA+J+BgYGBAQAR"
        + "EgIBRRxd7gAAAABJRU5ErkJggg==");

    /// <summary>8 × 8 pixels in four colours of ink; the first one is red 0, green 0, blue 39. Written by Pillow.</summary>
    public static byte[] InkJpeg { get; } = Convert.FromBase64String(
        "/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwADAgIDAgIDAwMDBAMDBAUIBQUEBAUKBwcGCAwKDAwLCgsLDQ4SEA0OEQ4LCxAWEBETFBUVFQwPFxgWFBgSFBUU/8AAFAgACAAI"
        + "BEMRAE0RAFkRAEsRAP/EAB8AAAEFAQEBAQEBAAAAAAAAAAABAgMEBQYHCAkKC//EALUQAAIBAwMCBAMFBQQEAAABfQECAwAEEQUSITFBBhNRYQcicRQygZGhCCNCscEV"
        + "UtHwJDNicoIJChYXGBkaJSYnKCkqNDU2Nzg5OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6g4SFhoeIiYqSk5SVlpeYmZqio6Slpqeoqaqys7S1tre4ubrC"
        + "w8TFxsfIycrS09TV1tfY2drh4uPk5ebn6Onq8fLz9PX29/j5+v/aAA4EQwBNAFkASwAAPwD4H+H+if6v5fSvgf4f+Ef+JlH8n8Q7V558LPhZoZ8K+Gv+Ka0/xL4k1yyu"
        + "L7/iZXiQWek2saH/AE2753+Vv6L8iusU/wC9Qx8/qnX/2Q==");

    /// <summary>176 × 32 pixels in black and white with the words "lantern 7421". Written by ffmpeg.</summary>
    public static byte[] Words { get; } = Convert.FromBase64String(
        "iVBORw0KGgoAAAANSUhEUgAAALAAAAAgAQAAAACaqs+wAAAAzUlEQVR4nNXRIQ7CMBQG4CYTyB2hh8ASdhUUnmC2hHQCgURwFC5QMjGzsCuMVNR2qaANTR/dWLcl"
        + "LCEIBE9+78//xEMwOeinXH5kFDGFxcC8ZxHSN7Zpds+LCT4BMx1f9IESXKyx4/PASAU0ntFVCAbmA5N4w2uW3XIwdgvcs000lzLnHJSVkHumjrksHWsj4dh3O66C"
        + "lrUE7HnZs1SIRB1fSVMCHe/SMcuWmVuAL1k4rh8Nu3wNo5MiDjoWQRW+eJ9oRcKGyxF/97T/5CdECoQRznGXyAAAAABJRU5ErkJggg==");

    /// <summary>A PNG without a filter.</summary>
    /// <param name="depth">Bits of a sample, 8 or 16.</param>
    /// <param name="colour">0 grey, 2 red, green and blue, 4 grey and alpha, 6 all four.</param>
    /// <param name="samples">As the file stores them, row by row.</param>
    public static byte[] Png(int width, int height, byte depth, byte colour, ReadOnlySpan<byte> samples)
    {
        using var packed = new MemoryStream();
        using (var deflate = new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            var row = samples.Length / height;
            for (var y = 0; y < height; y++)
            {
                deflate.WriteByte(0);
                deflate.Write(samples.Slice(y * row, row));
            }
        }

        return Png((uint)width, (uint)height, depth, colour, packed.ToArray());
    }

    /// <summary>A PNG of one colour.</summary>
    public static byte[] Plain(int width, int height, byte red, byte green, byte blue)
    {
        var samples = new byte[width * height * 3];
        for (var i = 0; i < samples.Length; i++)
        {
            samples[i] = (i % 3) switch { 0 => red, 1 => green, _ => blue };
        }

        return Png(width, height, 8, 2, samples);
    }

    /// <summary>A PNG whose header states a size that its few pixels do not have.</summary>
    public static byte[] LyingPng(uint width, uint height) =>
        Png(width, height, 8, 2, [0x78, 0x9C, 0x63, 0x60, 0x60, 0x60, 0x00, 0x00, 0x00, 0x04, 0x00, 0x01]);

    /// <summary>A BMP of 24 bits, its rows from below.</summary>
    /// <param name="pixels">Red, green and blue, row by row from above.</param>
    public static byte[] Bmp(int width, int height, ReadOnlySpan<byte> pixels)
    {
        var row = ((width * 3) + 3) / 4 * 4;
        var file = new byte[54 + (row * height)];
        "BM"u8.CopyTo(file);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(2), file.Length);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(10), 54);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(14), 40);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(18), width);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(22), height);
        BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(26), 1);
        BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(28), 24);
        for (var i = 0; i < width * height; i++)
        {
            var at = 54 + ((height - 1 - (i / width)) * row) + (i % width * 3);
            (file[at], file[at + 1], file[at + 2]) = (pixels[(i * 3) + 2], pixels[(i * 3) + 1], pixels[i * 3]);
        }

        return file;
    }

    /// <summary>A JPEG with an EXIF orientation, put behind its first marker.</summary>
    /// <param name="orientation">1 to 8.</param>
    public static byte[] Turned(ReadOnlySpan<byte> jpeg, byte orientation)
    {
        ReadOnlySpan<byte> exif =
        [
            0xFF, 0xE1, 0x00, 0x22, (byte)'E', (byte)'x', (byte)'i', (byte)'f', 0, 0, (byte)'M', (byte)'M', 0, 42, 0, 0, 0, 8,
            0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0,
        ];
        return [.. jpeg[..2], .. exif, .. jpeg[2..]];
    }

    /// <summary>A data URL of a file.</summary>
    public static string DataUrl(ReadOnlySpan<byte> file) => $"data:image/png;base64,{Convert.ToBase64String(file)}";

    private static byte[] Png(uint width, uint height, byte depth, byte colour, ReadOnlySpan<byte> data)
    {
        var header = new byte[13];
        BinaryPrimitives.WriteUInt32BigEndian(header, width);
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9]) = (depth, colour);
        return
        [
            0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A,
            .. Chunk("IHDR"u8, header), .. Chunk("IDAT"u8, data), .. Chunk("IEND"u8, []),
        ];
    }

    private static byte[] Chunk(ReadOnlySpan<byte> type, ReadOnlySpan<byte> data)
    {
        var chunk = new byte[12 + data.Length];
        BinaryPrimitives.WriteInt32BigEndian(chunk, data.Length);
        type.CopyTo(chunk.AsSpan(4));
        data.CopyTo(chunk.AsSpan(8));
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(8 + data.Length), Check(chunk.AsSpan(4, 4 + data.Length)));
        return chunk;
    }

    /// <summary>CRC-32 as PNG has it.</summary>
    private static uint Check(ReadOnlySpan<byte> bytes)
    {
        var sum = uint.MaxValue;
        foreach (var value in bytes)
        {
            sum ^= value;
            for (var bit = 0; bit < 8; bit++)
            {
                sum = (sum >> 1) ^ ((sum & 1) * 0xEDB88320);
            }
        }

        return ~sum;
    }
}
