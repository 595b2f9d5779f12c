using System.Runtime.InteropServices;

namespace Tollgate.Benchmarks.Machine;

/// <summary>On what a figure was measured.</summary>
/// <param name="LoadBefore">Processes that wanted a CPU in the minute before; above a half, others were at work and the figures are worth
/// little.</param>
internal sealed record MachineFacts(
    string Cpu, int Cores, long MemoryMb, string Kernel, string Runtime, double LoadBefore, DateTimeOffset At)
{
    public static MachineFacts Read(TimeProvider clock) => new(
        Value("/proc/cpuinfo", "model name") ?? "unknown",
        Environment.ProcessorCount,
        long.Parse((Value("/proc/meminfo", "MemTotal") ?? "0 kB").Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture) / 1024,
        RuntimeInformation.OSDescription,
        RuntimeInformation.FrameworkDescription,
        LoadAverage(),
        clock.GetUtcNow());

    public override string ToString() =>
        $"{Cpu}, {Cores} cores, {MemoryMb} MB, {Kernel}, {Runtime}, load before {LoadBefore:0.0}, {At:yyyy-MM-dd HH:mm} UTC";

    private static double LoadAverage() =>
        double.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture);

    private static string? Value(string file, string name) => File.ReadLines(file)
        .FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal))?.Split(':', 2)[1].Trim();
}
