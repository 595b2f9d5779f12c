namespace Tollgate.Benchmarks.Machine;

/// <summary>CPU that processes use from now on.</summary>
internal sealed class CpuWatch((string Name, int Id)[] processes)
{
    private readonly double[] _before = [.. processes.Select(process => Seconds(process.Id))];

    /// <summary>Seconds of CPU since the beginning, by name.</summary>
    public IReadOnlyDictionary<string, double> Read() =>
        processes.Select((process, i) => (process.Name, Seconds: Seconds(process.Id) - _before[i]))
            .ToDictionary(part => part.Name, part => part.Seconds);

    /// <summary>With all children; this program's are the others that are measured, so that it counts alone.</summary>
    private static double Seconds(int id) =>
        id == Environment.ProcessId ? Environment.CpuUsage.TotalTime.TotalSeconds : ProcessFigures.CpuSeconds(id);
}
