using System.Buffers.Binary;

namespace Tollgate.Contracts.Pictures;

/// <summary>BMP: the size in the core header of 12 bytes, or in one of at least 40, where a negative height means rows from top to
/// bottom.</summary>
internal static class BmpHeader
{
    public static StatedSize? Read(ReadOnlySpan<byte> file)
    {
        if (file.Length < 26)
        {
            return null;
        }

        return BinaryPrimitives.ReadUInt32LittleEndian(file[14..]) switch
        {
            12 => new StatedSize(BinaryPrimitives.ReadUInt16LittleEndian(file[18..]), BinaryPrimitives.ReadUInt16LittleEndian(file[20..])),
            >= 40 => new StatedSize(
                BinaryPrimitives.ReadInt32LittleEndian(file[18..]), Math.Abs((long)BinaryPrimitives.ReadInt32LittleEndian(file[22..]))),
            _ => null,
        };
    }
}
