using System.Buffers.Binary;
using System.Text;

namespace Tollgate.Inference.Tests.Audio;

/// <summary>Writes WAV files.</summary>
internal static class WavBytes
{
    /// <summary>A file of one format chunk and one data chunk.</summary>
    /// <param name="samples">Interleaved, −1 to 1.</param>
    /// <param name="extensible">Whether the format chunk has the extensible form.</param>
    public static byte[] Make(
        double[] samples, int rate = 16_000, int bits = 16, int channels = 1, bool floating = false, bool extensible = false)
    {
        var data = new byte[samples.Length * (bits / 8)];
        for (var i = 0; i < samples.Length; i++)
        {
            Write(samples[i], data.AsSpan(i * (bits / 8), bits / 8), floating);
        }

        return Join(Chunk("fmt ", Format(rate, bits, channels, floating ? 3 : 1, extensible)), Chunk("data", data));
    }

    /// <summary>A file of these chunks.</summary>
    public static byte[] Join(params byte[][] chunks)
    {
        var body = chunks.SelectMany(chunk => chunk).ToArray();
        var size = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(size, body.Length + 4);
        return [.. "RIFF"u8, .. size, .. "WAVE"u8, .. body];
    }

    /// <summary>A chunk, padded to an even length.</summary>
    /// <param name="declared">The length it states; null for the true one.</param>
    public static byte[] Chunk(string name, byte[] body, uint? declared = null, bool padded = true)
    {
        var size = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(size, declared ?? (uint)body.Length);
        return [.. Encoding.ASCII.GetBytes(name), .. size, .. body, .. padded && body.Length % 2 == 1 ? new byte[1] : []];
    }

    public static byte[] Format(int rate, int bits, int channels, int tag, bool extensible = false)
    {
        var format = new byte[extensible ? 40 : 16];
        BinaryPrimitives.WriteUInt16LittleEndian(format, (ushort)(extensible ? 0xFFFE : tag));
        BinaryPrimitives.WriteUInt16LittleEndian(format.AsSpan(2), (ushort)channels);
        BinaryPrimitives.WriteInt32LittleEndian(format.AsSpan(4), rate);
        BinaryPrimitives.WriteInt32LittleEndian(format.AsSpan(8), unchecked(rate * channels * (bits / 8)));
        BinaryPrimitives.WriteUInt16LittleEndian(format.AsSpan(12), (ushort)(channels * (bits / 8)));
        BinaryPrimitives.WriteUInt16LittleEndian(format.AsSpan(14), (ushort)bits);
        if (extensible)
        {
            format[16] = 22;
            BinaryPrimitives.WriteUInt16LittleEndian(format.AsSpan(18), (ushort)bits);
            byte[] identifier = [(byte)tag, 0, 0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71];
            identifier.CopyTo(format, 24);
        }

        return format;
    }

    /// <summary>A tone of so many seconds.</summary>
    public static double[] Tone(double hertz, int rate, double seconds, double level = 0.5) =>
        [.. Enumerable.Range(0, (int)(rate * seconds)).Select(i => level * Math.Sin(2 * Math.PI * hertz * i / rate))];

    private static void Write(double sample, Span<byte> bytes, bool floating)
    {
        switch (bytes.Length, floating)
        {
            case (4, true):
                BinaryPrimitives.WriteSingleLittleEndian(bytes, (float)sample);
                break;
            case (8, true):
                BinaryPrimitives.WriteDoubleLittleEndian(bytes, sample);
                break;
            case (1, _):
                bytes[0] = (byte)(128 + Math.Round(sample * 127));
                break;
            default:
                var value = (int)Math.Round(sample * int.MaxValue);
                for (var i = 0; i < bytes.Length; i++)
                {
                    bytes[i] = (byte)(value >> (8 * (4 - bytes.Length + i)));
                }

                break;
        }
    }
}
