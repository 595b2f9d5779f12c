using System.Buffers.Binary;

namespace Tollgate.Contracts.Pictures;

/// <summary>JPEG (ITU T.81, annex B): the size in the frame header, and a bound on the scans of a progressive file.</summary>
internal static class JpegHeader
{
    /// <summary>Each scan may pass over the whole picture, though it be a few bytes; encoders write about ten.</summary>
    private const int MostScans = 64;

    private const byte StartOfScan = 0xDA;
    private const byte EndOfImage = 0xD9;

    public static ReadOnlySpan<byte> Signature => [0xFF, 0xD8, 0xFF];

    public static StatedSize? Read(ReadOnlySpan<byte> file)
    {
        StatedSize? size = null;
        var (at, scans) = (2, 0);
        while (NextMarker(file, ref at) is { } marker && marker != EndOfImage)
        {
            if (marker is 0x01 or (>= 0xD0 and <= 0xD8))
            {
                continue; // A marker without a segment.
            }

            if (file.Length - at < 2 || BinaryPrimitives.ReadUInt16BigEndian(file[at..]) is var length && length < 2)
            {
                break;
            }

            if (marker == StartOfScan && (size is null || ++scans > MostScans))
            {
                return null;
            }

            if (IsFrame(marker) && file.Length - at >= 7)
            {
                if (size is not null)
                {
                    return null;
                }

                size = new StatedSize(
                    BinaryPrimitives.ReadUInt16BigEndian(file[(at + 5)..]), BinaryPrimitives.ReadUInt16BigEndian(file[(at + 3)..]));
            }

            at += length;
        }

        return size;
    }

    /// <summary>The next marker from <paramref name="at"/> on, over entropy-coded data and fill bytes; null at the end of the
    /// file.</summary>
    private static byte? NextMarker(ReadOnlySpan<byte> file, ref int at)
    {
        while (at < file.Length)
        {
            var found = file[at..].IndexOf((byte)0xFF);
            if (found < 0)
            {
                return null;
            }

            at += found + 1;
            if (at < file.Length && file[at] is not (0x00 or 0xFF))
            {
                return file[at++];
            }
        }

        return null;
    }

    /// <summary>SOF0 to SOF15, without DHT, JPG and DAC, whose numbers lie among them.</summary>
    private static bool IsFrame(byte marker) => marker is >= 0xC0 and <= 0xCF and not (0xC4 or 0xC8 or 0xCC);
}
