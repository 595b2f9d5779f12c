using System.Buffers.Binary;
using System.Numerics;

namespace Tollgate.Gateway.Journal;

/// <summary>
/// The frame of a record: length (4 bytes, of type and payload), CRC-32C (4, of length, type and payload), type (1), payload. All
/// little-endian. A length of 0 is the end of what was written.
/// </summary>
internal static class RecordFormat
{
    public const int FrameBytes = 9;

    /// <summary>No record is longer; a length above it is damage.</summary>
    public const int LargestRecord = 4096;

    /// <summary>Frames <paramref name="payload"/> into <paramref name="record"/>; returns the whole length.</summary>
    public static int Write(RecordType type, ReadOnlySpan<byte> payload, Span<byte> record)
    {
        var length = payload.Length + 1;
        BinaryPrimitives.WriteInt32LittleEndian(record, length);
        record[8] = (byte)type;
        payload.CopyTo(record[FrameBytes..]);
        BinaryPrimitives.WriteUInt32LittleEndian(record[4..], Checksum(record[..(8 + length)]));
        return 8 + length;
    }

    /// <summary>Reads the length of the record that starts here; 0 when there is none or it is torn.</summary>
    public static int ReadLength(ReadOnlySpan<byte> rest)
    {
        if (rest.Length < FrameBytes)
        {
            return 0;
        }

        var length = BinaryPrimitives.ReadInt32LittleEndian(rest);
        if (length < 1 || length + 8 > Math.Min(rest.Length, LargestRecord))
        {
            return 0;
        }

        var stored = BinaryPrimitives.ReadUInt32LittleEndian(rest[4..]);
        return stored == Checksum(rest[..(8 + length)]) ? 8 + length : 0;
    }

    /// <summary>CRC-32C of a record's bytes without the four of the checksum itself.</summary>
    private static uint Checksum(ReadOnlySpan<byte> record) => Crc32C(Crc32C(uint.MaxValue, record[..4]), record[8..]) ^ uint.MaxValue;

    public static uint Crc32C(ReadOnlySpan<byte> bytes) => Crc32C(uint.MaxValue, bytes) ^ uint.MaxValue;

    private static uint Crc32C(uint crc, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length >= sizeof(ulong))
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[sizeof(ulong)..];
        }

        foreach (var value in bytes)
        {
            crc = BitOperations.Crc32C(crc, value);
        }

        return crc;
    }
}
