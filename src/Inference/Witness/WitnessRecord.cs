using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Money;
using Tollgate.Contracts.Workers;

namespace Tollgate.Inference.Witness;

/// <summary>
/// The record of one request: length (4 bytes), CRC-32 of the rest (4), then request id (16), attempt (4), organization (16, zero: none),
/// the units of the first six kinds (8 each), Unix microseconds (8) and the model's name in UTF-8. Where a later kind has a count, a zero
/// byte and the counts of all later kinds (8 each) follow. A request of another class than standard has them too, and then its class (1),
/// so that a rest of one byte after the counts is the class. Little-endian, ids big-endian. A log may hold records of every version.
/// </summary>
internal static class WitnessRecord
{
    /// <summary>Length and checksum.</summary>
    public const int PrefixBytes = 8;
    private const int UnitsAt = 16 + 4 + 16;
    private const int FixedBytes = UnitsAt + (Units.FirstLength * 8) + 8;
    private const int LongestTail = 1 + ((Units.Length - Units.FirstLength) * 8) + 1;
    private const int LongestName = 1024;

    public static byte[] Write(
        Guid requestId, int attempt, Guid? organization, string model, in Units units, DateTimeOffset at,
        ServiceClass serviceClass = ServiceClass.Standard)
    {
        var name = Encoding.UTF8.GetBytes(model);
        if (name.Length > LongestName || name.AsSpan().Contains((byte)0))
        {
            throw new ArgumentException($"A model's name has at most {LongestName} bytes, none of them zero.", nameof(model));
        }

        var tailLength = serviceClass != ServiceClass.Standard ? LongestTail : HasLaterKind(units) ? LongestTail - 1 : 0;
        var record = new byte[PrefixBytes + FixedBytes + name.Length + tailLength];
        var body = record.AsSpan(PrefixBytes);
        requestId.TryWriteBytes(body, bigEndian: true, out _);
        BinaryPrimitives.WriteInt32LittleEndian(body[16..], attempt);
        (organization ?? Guid.Empty).TryWriteBytes(body[20..], bigEndian: true, out _);
        for (var i = 0; i < Units.FirstLength; i++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(body[(UnitsAt + (8 * i))..], UnitKind.All[i].Of(units));
        }

        BinaryPrimitives.WriteInt64LittleEndian(body[84..], (at - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond);
        name.CopyTo(body[FixedBytes..]);
        var tail = body[(FixedBytes + name.Length)..];
        for (var i = Units.FirstLength; i < Units.Length && tail.Length > 0; i++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(tail[(1 + (8 * (i - Units.FirstLength)))..], UnitKind.All[i].Of(units));
        }

        if (tail.Length == LongestTail)
        {
            tail[^1] = (byte)serviceClass;
        }

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
        if (length < FixedBytes || length > FixedBytes + LongestName + LongestTail || bytes.Length < PrefixBytes + length)
        {
            return false;
        }

        var body = bytes.Slice(PrefixBytes, length);
        if (Crc32.HashToUInt32(body) != BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]))
        {
            return false;
        }

        var organization = new Guid(body.Slice(20, 16), bigEndian: true);
        var name = body[FixedBytes..];
        var end = name.IndexOf((byte)0);
        var tail = end >= 0 ? name[(end + 1)..] : default;
        entry = new WitnessEntry(
            position + PrefixBytes + length,
            new Guid(body[..16], bigEndian: true),
            BinaryPrimitives.ReadInt32LittleEndian(body[16..]),
            organization == Guid.Empty ? null : organization,
            Encoding.UTF8.GetString(end >= 0 ? name[..end] : name),
            Units.Of(Counts(body, tail)),
            DateTimeOffset.UnixEpoch.AddTicks(BinaryPrimitives.ReadInt64LittleEndian(body[84..]) * TimeSpan.TicksPerMicrosecond))
        {
            ServiceClass = tail.Length % 8 == 1 ? (ServiceClass)tail[^1] : ServiceClass.Standard,
        };
        return true;
    }

    private static bool HasLaterKind(Units units)
    {
        foreach (var kind in UnitKind.All.AsSpan(Units.FirstLength..))
        {
            if (kind.Of(units) != 0)
            {
                return true;
            }
        }

        return false;
    }

    /// <param name="tail">Counts of later kinds, as many as the writer knew.</param>
    private static UnitCounts Counts(ReadOnlySpan<byte> body, ReadOnlySpan<byte> tail)
    {
        var counts = default(UnitCounts);
        for (var i = 0; i < Units.FirstLength; i++)
        {
            counts[i] = BinaryPrimitives.ReadInt64LittleEndian(body[(UnitsAt + (8 * i))..]);
        }

        for (var i = Units.FirstLength; i < Units.Length && tail.Length >= 8; i++)
        {
            counts[i] = BinaryPrimitives.ReadInt64LittleEndian(tail);
            tail = tail[8..];
        }

        return counts;
    }
}
