namespace Tollgate.Gateway.Journal;

/// <summary>
/// A place in the journal: the segment's number in the upper 32 bits, the byte in the segment below. Grows with every record, whatever the
/// size of the segments, and is what a shipping cursor counts in. 0 is before everything.
/// </summary>
internal static class JournalPosition
{
    public static long Of(long segment, int offset) => (segment << 32) | (uint)offset;

    public static long Segment(long position) => position >> 32;

    public static int Offset(long position) => (int)(position & uint.MaxValue);
}
