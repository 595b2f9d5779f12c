using System.Buffers.Binary;

namespace Tollgate.Accounts.Records;

/// <summary>
/// Versions of records in Redis. They are UUIDv7, so a restored database cannot reuse one. They rise strictly for a row, even within a
/// millisecond or when the clock steps back.
/// </summary>
internal static class RowVersion
{
    /// <summary>Returns a version whose text sorts after that of <paramref name="previous"/>. The caller holds the row's lock.</summary>
    public static Guid After(Guid previous, TimeProvider clock)
    {
        var next = Guid.CreateVersion7(clock.GetUtcNow());
        return string.CompareOrdinal(next.ToString("N"), previous.ToString("N")) > 0
            ? next
            : Guid.CreateVersion7(TimeOf(previous).AddMilliseconds(1));
    }

    private static DateTimeOffset TimeOf(Guid version)
    {
        Span<byte> bytes = stackalloc byte[16];
        version.TryWriteBytes(bytes, bigEndian: true, out _);
        return DateTimeOffset.FromUnixTimeMilliseconds(BinaryPrimitives.ReadInt64BigEndian(bytes) >> 16);
    }
}
