using System.Buffers.Binary;

namespace Tollgate.Accounts;

/// <summary>
/// Versions of records that go to Redis: UUIDv7, so that a restored database can never reuse one, and strictly rising for one row even
/// within a millisecond or when the clock steps back.
/// </summary>
internal static class RowVersion
{
    /// <summary>A version whose text sorts after that of <paramref name="previous"/>. The caller holds the row's lock.</summary>
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
