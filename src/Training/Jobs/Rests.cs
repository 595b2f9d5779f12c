using System.Diagnostics;
using System.Globalization;
using Tollgate.Training.Runs;

namespace Tollgate.Training.Jobs;

/// <summary>Seconds that all processors together have used since the machine started, without those of threads of a low priority, such as
/// ours. Linux counts in hundredths.</summary>
internal readonly record struct ProcessorTimes(double Live, double All)
{
    /// <exception cref="IOException">Linux does not say.</exception>
    public static ProcessorTimes Read() => Parse(File.ReadLines("/proc/stat").First());

    /// <param name="line">The first line of <c>/proc/stat</c>.</param>
    public static ProcessorTimes Parse(string line)
    {
        // user, nice, system, idle, iowait, irq, softirq, steal; guests are in the first two.
        double[] times =
        [
            .. line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..9].Select(
                ticks => long.Parse(ticks, CultureInfo.InvariantCulture) / 100.0),
        ];
        return new ProcessorTimes(times[0] + times[2] + times[5] + times[6] + times[7], times.Sum());
    }
}

/// <summary>
/// Lets training rest as long as it worked after each step, while live work needs the processors. The lowest priority alone is not enough
/// on a machine with few of them: the kernel looks for no place beside training when the machine looks full, and leaves a thread that wakes
/// behind another one until its next tick; and whatever shares a processor with training finds its caches cold (docs/benchmarks.md).
/// One job's thread at a time.
/// </summary>
/// <param name="training">Threads of all jobs.</param>
/// <param name="processors">Of the machine.</param>
internal sealed class Rests(int training, int processors, Func<ProcessorTimes> read, TimeProvider clock)
{
    /// <summary>Live work below this share of the processors is no traffic: services of an idle installation ask after each other.
    /// </summary>
    private const double Quiet = 0.075;

    /// <summary>Longest rest: what comes before the first step may take minutes.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan Window = TimeSpan.FromMilliseconds(500);

    private ProcessorTimes _before = read();
    private long _readAt = clock.GetTimestamp();
    private bool _isLive;

    /// <summary>The rest that follows a step.</summary>
    /// <param name="step">What it took.</param>
    public TimeSpan After(TimeSpan step)
    {
        if (clock.GetElapsedTime(_readAt) >= Window)
        {
            var now = read();
            var live = (now.Live - _before.Live) / Math.Max(now.All - _before.All, 0.01) * processors;
            _isLive = live > Quiet * processors && live + training > processors / 2.0;
            (_before, _readAt) = (now, clock.GetTimestamp());
        }

        return !_isLive ? TimeSpan.Zero : step < Longest ? step : Longest;
    }
}

/// <summary>Rests after each report of a training, on its thread.</summary>
/// <param name="cancellation">Ends a rest.</param>
internal sealed class RestingProgress(IProgress<TrainingProgress> inner, Rests rests, CancellationToken cancellation)
    : IProgress<TrainingProgress>
{
    private long _since = Stopwatch.GetTimestamp();

    public void Report(TrainingProgress value)
    {
        inner.Report(value);
        cancellation.WaitHandle.WaitOne(rests.After(Stopwatch.GetElapsedTime(_since)));
        _since = Stopwatch.GetTimestamp();
    }
}
