using System.Buffers.Binary;

namespace Tollgate.Contracts.Pictures;

/// <summary>GIF89a: the logical screen, grown by a first frame that reaches beyond it, and whether a second frame follows.</summary>
internal static class GifHeader
{
    private const byte Extension = 0x21;
    private const byte Image = 0x2C;

    public static StatedSize? Read(ReadOnlySpan<byte> file)
    {
        if (file.Length < 13)
        {
            return null;
        }

        var (width, height) = (BinaryPrimitives.ReadUInt16LittleEndian(file[6..]), BinaryPrimitives.ReadUInt16LittleEndian(file[8..]));
        var blocks = Skip(file, 13 + TableBytes(file[10]));
        if (!SkipToImage(ref blocks) || blocks.Length < 10)
        {
            return new StatedSize(width, height);
        }

        var right = BinaryPrimitives.ReadUInt16LittleEndian(blocks[1..]) + BinaryPrimitives.ReadUInt16LittleEndian(blocks[5..]);
        var bottom = BinaryPrimitives.ReadUInt16LittleEndian(blocks[3..]) + BinaryPrimitives.ReadUInt16LittleEndian(blocks[7..]);
        blocks = SkipParts(Skip(blocks, 11 + TableBytes(blocks[9]))); // The code size stands before the data.
        return new StatedSize(Math.Max((int)width, right), Math.Max((int)height, bottom), SkipToImage(ref blocks));
    }

    private static bool SkipToImage(ref ReadOnlySpan<byte> blocks)
    {
        while (blocks.Length > 0 && blocks[0] == Extension)
        {
            blocks = SkipParts(Skip(blocks, 2));
        }

        return blocks.Length > 0 && blocks[0] == Image;
    }

    private static ReadOnlySpan<byte> SkipParts(ReadOnlySpan<byte> parts)
    {
        while (parts.Length > 0 && parts[0] != 0)
        {
            parts = Skip(parts, parts[0] + 1);
        }

        return Skip(parts, 1);
    }

    private static int TableBytes(byte flags) => (flags & 0x80) == 0 ? 0 : 3 << ((flags & 7) + 1);

    private static ReadOnlySpan<byte> Skip(ReadOnlySpan<byte> bytes, int count) => bytes[Math.Min(count, bytes.Length)..];
}
