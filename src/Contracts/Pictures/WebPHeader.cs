using System.Buffers.Binary;

namespace Tollgate.Contracts.Pictures;

/// <summary>WebP (RFC 9649): the size in the first chunk, and the flag of an animation in the extended form.</summary>
internal static class WebPHeader
{
    private const int AnimationFlag = 0x02;

    public static StatedSize? Read(ReadOnlySpan<byte> file)
    {
        if (file.Length < 30)
        {
            return null;
        }

        var chunk = file[12..16];
        var data = file[20..];
        if (chunk.SequenceEqual("VP8X"u8))
        {
            return new StatedSize(ReadUInt24(data[4..]) + 1, ReadUInt24(data[7..]) + 1, (data[0] & AnimationFlag) != 0);
        }

        if (chunk.SequenceEqual("VP8L"u8) && data[0] == 0x2F)
        {
            var bits = BinaryPrimitives.ReadUInt32LittleEndian(data[1..]);
            return new StatedSize((bits & 0x3FFF) + 1, ((bits >> 14) & 0x3FFF) + 1);
        }

        return chunk.SequenceEqual("VP8 "u8) && data[3..6].SequenceEqual((ReadOnlySpan<byte>)[0x9D, 0x01, 0x2A])
            ? new StatedSize(
                BinaryPrimitives.ReadUInt16LittleEndian(data[6..]) & 0x3FFF, BinaryPrimitives.ReadUInt16LittleEndian(data[8..]) & 0x3FFF)
            : null;
    }

    private static int ReadUInt24(ReadOnlySpan<byte> bytes) => bytes[0] | (bytes[1] << 8) | (bytes[2] << 16);
}
