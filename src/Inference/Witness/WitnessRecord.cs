using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Money;
using Tollgate.Contracts.Workers;

namespace Tollgate.Inference.Witness;

/// <summary>
/// The record of one request: length (4 bytes), CRC-32 of the rest (4), then request id (16), attempt (4), organization (16, zero: none),
/// the six units (8 each), Unix microseconds (8) and the model's name in UTF-8. Little-endian, ids big-endian. The format is final.
/// </summary>
internal static class WitnessRecord
{
    /// <summary>Length and checksum.</summary>
    public const int PrefixBytes = 8;
    private const int UnitsAt = 16 + 4 + 16;
    private const int FixedBytes = UnitsAt + (Units.Length * 8) + 8;
    private const int LongestName = 1024;

    public static byte[] Write(Guid requestId, int attempt, Guid? organization, string model, in Units units, DateTimeOffset at)
    {
        var name = Encoding.UTF8.GetBytes(model);
        if (name.Length > LongestName)
        {
            throw new ArgumentException($"A model's name has at most {LongestName} bytes.", nameof(model));
        }

        var record = new byte[PrefixBytes + FixedBytes + name.Length];
        var body = record.AsSpan(PrefixBytes);
        requestId.TryWriteBytes(body, bigEndian: true, out _);
        BinaryPrimitives.WriteInt32LittleEndian(body[16..], attempt);
        (organization ?? Guid.Empty).TryWriteBytes(body[20..], bigEndian: true, out _);
        for (var i = 0; i < Units.Length; i++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(body[(UnitsAt + (8 * i))..], UnitKind.All[i].Of(units));
        }

        BinaryPrimitives.WriteInt64LittleEndian(body[84..], (at - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond);
        name.CopyTo(body[FixedBytes..]);
        BinaryPrimitives.WriteInt32LittleEndian(record, body.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(4), Crc32.HashToUInt32(body));
        return record;
    }

    /// <summary>Reads the record at the start of <paramref name="bytes"/>. False when they hold no whole, undamaged record.</summary>
    /// <param name="position">Log position of the record.</param>
    /// <param name="entry">Its position is the one after the record.</param>
    public static bool TryRead(ReadOnlySpan<byte> bytes, long position, out WitnessEntry entry)
    {
        entry = null!;
        if (bytes.Length < PrefixBytes + FixedBytes)
        {
            return false;
        }

        var length = BinaryPrimitives.ReadInt32LittleEndian(bytes);
        if (length < FixedBytes || length > FixedBytes + LongestName || bytes.Length < PrefixBytes + length)
        {
            return false;
        }

        var body = bytes.Slice(PrefixBytes, length);
        if (Crc32.HashToUInt32(body) != BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]))
        {
            return false;
        }

        var organization = new Guid(body.Slice(20, 16), bigEndian: true);
        entry = new WitnessEntry(
            position + PrefixBytes + length,
            new Guid(body[..16], bigEndian: true),
            BinaryPrimitives.ReadInt32LittleEndian(body[16..]),
            organization == Guid.Empty ? null : organization,
            Encoding.UTF8.GetString(body[FixedBytes..]),
            Units.Of(Counts(body)),
            DateTimeOffset.UnixEpoch.AddTicks(BinaryPrimitives.ReadInt64LittleEndian(body[84..]) * TimeSpan.TicksPerMicrosecond));
        return true;
    }

    private static UnitCounts Counts(ReadOnlySpan<byte> body)
    {
        var counts = default(UnitCounts);
        for (var i = 0; i < Units.Length; i++)
        {
            counts[i] = BinaryPrimitives.ReadInt64LittleEndian(body[(UnitsAt + (8 * i))..]);
        }

        return counts;
    }
}
