using Tollgate.Benchmarks.Machine;

namespace Tollgate.Benchmarks.Growth;

/// <summary>Measures the work of one process, without services: how its time grows with its input.</summary>
internal static class GrowthBench
{
    /// <summary>The long input is so many times the short one.</summary>
    public const int Factor = 16;

    private const int Rounds = 9;

    /// <summary>Short inputs take this long at least: they are repeated, so that the clock's own error does not count.</summary>
    private static readonly TimeSpan Least = TimeSpan.FromMilliseconds(2);

    public static GrowthReport Run(CancellationToken cancellationToken)
    {
        var machine = MachineFacts.Read(TimeProvider.System);
        List<GrowthRow> rows = [];
        foreach (var work in GrowthCases.All())
        {
            cancellationToken.ThrowIfCancellationRequested();
            rows.Add(new GrowthRow(work.Name, Time(work.Prepare(Factor)), Time(work.Prepare(1))));
        }

        cancellationToken.ThrowIfCancellationRequested();
        var plain = Time(HostileRendering.Refused(HostileRendering.PlainLoop));
        var slowest = HostileRendering.Sources.Max(source => Time(HostileRendering.Refused(source)));
        return new GrowthReport(machine, rows, plain, slowest, JournalAppends.PerSecond());
    }

    /// <summary>The fastest of some rounds: in the others the rest of the machine had a share of the processor.</summary>
    private static TimeSpan Time(Action work)
    {
        var (once, clock) = (Once(work, 1), TimeProvider.System);
        var times = (int)Math.Clamp(Least / once, 1, 10_000);
        var (fastest, started) = (once, clock.GetTimestamp());
        for (var round = 1; round < Rounds && clock.GetElapsedTime(started) < TimeSpan.FromSeconds(5); round++)
        {
            var took = Once(work, times);
            fastest = took < fastest ? took : fastest;
        }

        return fastest;
    }

    private static TimeSpan Once(Action work, int times)
    {
        var started = TimeProvider.System.GetTimestamp();
        for (var i = 0; i < times; i++)
        {
            work();
        }

        return TimeProvider.System.GetElapsedTime(started) / times;
    }
}
