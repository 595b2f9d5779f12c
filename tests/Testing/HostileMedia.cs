using System.Buffers.Binary;
using System.Text;

namespace Tollgate.Testing;

/// <summary>Files that are no pictures or recordings, lie about themselves, are cut or are bombs. The same ones at every call.</summary>
public static class HostileMedia
{
    /// <summary>Formats of pictures that are not read, by their first bytes.</summary>
    private static readonly string[] OtherPictures =
    [
        "\0\0\u0001\0\u0001\0\u0010\u0010\0\0", "\0\0\u0002\0", "II*\0\b\0\0\0", "MM\0*\0\0\0\b", "\0\0\0\u0020ftypavif",
        "\0\0\0\u0020ftypheic", "<svg xmlns='http://www.w3.org/2000/svg' width='1' height='1'><image href='file:///etc/passwd'/></svg>",
        "<?xml version='1.0'?>", "%PDF-1.7\n", "8BPS\0\u0001", "\u00FF\n", "\0\0\0\fJXL ", "\0\0\0\fjP  ", "qoif", "DDS ", "v/1\u0001",
        "P6\n1 1\n255\n", "#?RADIANCE\n", "FORM", "GIF88a", "RIFF\0\0\0\0WEBX", "MZ", "\u007FELF", "PK\u0003\u0004",
    ];

    /// <summary>Containers of sound with nothing of sense behind their first bytes.</summary>
    private static readonly string[] Containers =
    [
        "ID3\u0004\0\0\0\0\u007F\u007F", "\u00FF\u00FB\u0090d", "\u00FF\u00F1P\u0080", "fLaC\0\0\0\"", "OggS\0\u0002",
        "\0\0\0\u0020ftypM4A ", "\u001AE\u00DF\u00A3\u0093B\u0082\u0088matroska", "RIFX", "RF64", "FORM\0\0\0\0AIFF", ".snd", "caff",
        "#!AMR\n", "0&\u00B2u\u008Ef\u00CF\u0011", "MThd", "#EXTM3U\nfile:///etc/passwd\n", "ffconcat version 1.0\nfile /etc/passwd\n",
    ];

    /// <summary>Pictures, each with what is wrong with it.</summary>
    public static IEnumerable<(string What, byte[] File)> Pictures()
    {
        yield return ("no byte", []);
        (string, byte[])[] formats =
        [
            ("png", PictureBytes.Plain(16, 16, 200, 30, 30)), ("jpeg", PictureBytes.InkJpeg), ("webp", PictureBytes.WebP),
            ("gif", PictureBytes.Gif), ("bmp", PictureBytes.Bmp(4, 4, new byte[48])),
        ];
        foreach (var (format, file) in formats)
        {
            foreach (var damaged in Damaged(format, file, headerBytes: 40))
            {
                yield return damaged;
            }

            yield return ($"{format} with a tail", [.. file, .. new byte[100_000]]);
            yield return ($"{format} twice", [.. file, .. file]);
        }

        foreach (var signature in OtherPictures)
        {
            yield return ($"another format {signature[..1]}", [.. Encoding.Latin1.GetBytes(signature), .. new byte[64]]);
        }

        foreach (var (width, height) in ((uint, uint)[])
            [(5000, 5000), (16_384, 1525), (1, 16_384), (16_385, 1), (25_000_001, 1), (uint.MaxValue, 1), (0x7FFFFFFF, 0x7FFFFFFF)])
        {
            yield return ($"png of {width} x {height} without pixels", PictureBytes.LyingPng(width, height));
        }

        yield return ("gif of 5000 x 5000 without pixels", At(PictureBytes.Gif, 6, 0x88, 0x13, 0x88, 0x13));
        yield return (
            "bmp of 5000 x 5000 without pixels", At(PictureBytes.Bmp(4, 4, new byte[48]), 18, 0x88, 0x13, 0, 0, 0x88, 0x13, 0, 0));
        yield return ("bmp of a negative height", At(PictureBytes.Bmp(4, 4, new byte[48]), 22, 0, 0, 0, 0x80));
        yield return ("animated gif", PictureBytes.AnimatedGif);
        yield return ("animated webp", PictureBytes.AnimatedWebP);
        yield return ("animated png", PictureBytes.AnimatedPng);
    }

    /// <summary>A sound picture that takes 100 MB when it is decoded, and 75 kB before.</summary>
    public static byte[] Bomb() => PictureBytes.Plain(5000, 5000, 0, 0, 0);

    /// <summary>Recordings, each with what is wrong with it. None of them may be heard.</summary>
    public static IEnumerable<(string What, byte[] File)> Recordings()
    {
        yield return ("no byte", []);
        yield return ("no sound", Wav(0));
        for (var length = 1; length < 44; length += 3)
        {
            yield return ($"wav cut at {length}", Wav(160)[..length]);
        }

        foreach (var (what, at, bytes) in ((string, int, byte[])[])
        [
            ("another encoding", 20, [2, 0]), ("mu-law", 20, [7, 0]), ("an extension that is not there", 20, [0xFE, 0xFF]),
            ("no encoding", 20, [0, 0]), ("no channel", 22, [0, 0]), ("65,535 channels", 22, [0xFF, 0xFF]), ("rate 0", 24, [0, 0, 0, 0]),
            ("rate 4,294,967,295", 24, [0xFF, 0xFF, 0xFF, 0xFF]), ("0 bits", 34, [0, 0]), ("7 bits", 34, [7, 0]),
            ("65,535 bits", 34, [0xFF, 0xFF]), ("a chunk of format of 4 GB", 16, [0xFF, 0xFF, 0xFF, 0xFF]),
            ("a chunk of format of 1 byte", 16, [1, 0, 0, 0]), ("no chunk of data", 36, [.. "dada"u8]),
        ])
        {
            yield return (what, At(Wav(160), at, bytes));
        }

        foreach (var number in (float[])[float.NaN, float.PositiveInfinity, float.NegativeInfinity])
        {
            var file = At(At(Wav(160), 20, 3, 0), 34, 32, 0);
            file = At(file, 32, 4, 0);
            BinaryPrimitives.WriteSingleLittleEndian(file.AsSpan(44), number);
            yield return ($"a number that is {number}", file);
        }

        foreach (var signature in Containers)
        {
            var bytes = Encoding.Latin1.GetBytes(signature);
            yield return ($"{signature.Trim()} alone", bytes);
            yield return ($"{signature.Trim()} and noise", [.. bytes, .. Noise(signature.Length, 3000)]);
        }
    }

    /// <summary>A WAV file of silence, 16 kHz, 16 bits.</summary>
    public static byte[] Wav(int samples)
    {
        var file = new byte[44 + (2 * samples)];
        "RIFF"u8.CopyTo(file);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(4), file.Length - 8);
        "WAVEfmt "u8.CopyTo(file.AsSpan(8));
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(16), 16);
        BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(20), 1);
        BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(22), 1);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(24), 16_000);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(28), 32_000);
        BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(32), 2);
        BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(34), 16);
        "data"u8.CopyTo(file.AsSpan(36));
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(40), 2 * samples);
        return file;
    }

    /// <summary>A file cut at six places, with bytes of its header set to extremes, and with a few bytes changed anywhere.</summary>
    private static IEnumerable<(string What, byte[] File)> Damaged(string format, byte[] file, int headerBytes)
    {
        for (var part = 1; part <= 6; part++)
        {
            yield return ($"{format} cut", file[..(file.Length * part / 7)]);
        }

        for (var at = 4; at < Math.Min(headerBytes, file.Length); at += 3)
        {
            yield return ($"{format}, byte {at} is 255", At(file, at, 0xFF));
            yield return ($"{format}, byte {at} is 0", At(file, at, 0));
        }

        var random = new Random(file.Length);
        for (var i = 0; i < 8; i++)
        {
            var changed = file.ToArray();
            for (var edits = random.Next(1, 6); edits > 0; edits--)
            {
                changed[random.Next(changed.Length)] = (byte)random.Next(256);
            }

            yield return ($"{format} changed", changed);
        }
    }

    private static byte[] At(ReadOnlySpan<byte> file, int at, params ReadOnlySpan<byte> bytes)
    {
        var changed = file.ToArray();
        bytes.CopyTo(changed.AsSpan(at));
        return changed;
    }

    private static byte[] Noise(int seed, int length)
    {
        var noise = new byte[length];
        new Random(seed).NextBytes(noise);
        return noise;
    }
}
