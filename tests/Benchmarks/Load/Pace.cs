using System.Runtime.InteropServices;

namespace Tollgate.Benchmarks.Load;

/// <summary>Time as the load generator counts it: nanoseconds of the machine's monotonic clock, the same in every process.</summary>
internal static partial class Pace
{
    private const int MonotonicClock = 1;
    private const int Absolute = 1;
    private const long Second = 1_000_000_000;

    /// <summary>Nanoseconds since some moment before the machine's start.</summary>
    public static long Now => TimeProvider.System.GetTimestamp();

    public static long Nanoseconds(TimeSpan span) => span.Ticks * 100;

    /// <summary>
    /// Puts the calling thread to sleep until <paramref name="moment"/>. A thread of its own with the kernel's timer wakes within tens of
    /// microseconds; a timer of the thread pool would add a millisecond to what is measured.
    /// </summary>
    public static void SleepUntil(long moment)
    {
        var wanted = new Timespec(moment / Second, moment % Second);
        while (Now < moment)
        {
            _ = ClockNanosleep(MonotonicClock, Absolute, in wanted, 0);
        }
    }

    [LibraryImport("libc", EntryPoint = "clock_nanosleep")]
    private static partial int ClockNanosleep(int clock, int flags, in Timespec wanted, nint remaining);

    private readonly record struct Timespec(long Seconds, long Nanoseconds);
}
