using System.Buffers.Binary;

namespace Tollgate.Contracts.Pictures;

/// <summary>PNG (W3C, third edition): the size in IHDR, and the frames of an animation in acTL, which stands before the first
/// IDAT.</summary>
internal static class PngHeader
{
    private const int ChunkFrame = 12;

    public static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    public static StatedSize? Read(ReadOnlySpan<byte> file)
    {
        if (file.Length < 33 || !file[12..16].SequenceEqual("IHDR"u8) || BinaryPrimitives.ReadUInt32BigEndian(file[8..]) != 13)
        {
            return null;
        }

        return new StatedSize(
            BinaryPrimitives.ReadUInt32BigEndian(file[16..]), BinaryPrimitives.ReadUInt32BigEndian(file[20..]), IsAnimated(file[8..]));
    }

    private static bool IsAnimated(ReadOnlySpan<byte> chunks)
    {
        while (chunks.Length >= ChunkFrame)
        {
            var length = BinaryPrimitives.ReadUInt32BigEndian(chunks);
            if (chunks[4..8].SequenceEqual("acTL"u8))
            {
                return BinaryPrimitives.ReadUInt32BigEndian(chunks[8..]) > 1;
            }

            if (length > chunks.Length - ChunkFrame || chunks[4..8].SequenceEqual("IDAT"u8))
            {
                return false;
            }

            chunks = chunks[(ChunkFrame + (int)length)..];
        }

        return false;
    }
}
