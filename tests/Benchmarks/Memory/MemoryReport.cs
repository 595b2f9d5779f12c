using System.Globalization;
using Tollgate.Benchmarks.Machine;

namespace Tollgate.Benchmarks.Memory;

/// <summary>Memory of one worker, bytes.</summary>
/// <param name="Empty">Resident before it had a model.</param>
/// <param name="Peak">Most that was resident.</param>
/// <param name="Resident">After some answers.</param>
/// <param name="Proportional">The same, what several processes share divided among them.</param>
/// <param name="SharedClean">What another process has too and a file holds.</param>
/// <param name="Anonymous">What no file holds.</param>
internal sealed record WorkerMemory(long Empty, long Peak, long Resident, long Proportional, long SharedClean, long Anonymous)
{
    public static WorkerMemory Read(int processId, long empty) => new(
        empty, ProcessFigures.PeakBytes(processId), ProcessFigures.ResidentBytes(processId),
        ProcessFigures.MappedBytes(processId, "Pss"), ProcessFigures.MappedBytes(processId, "Shared_Clean"),
        ProcessFigures.MappedBytes(processId, "Anonymous"));
}

/// <summary>What was measured.</summary>
/// <param name="FileBytes">Size of the GGUF file.</param>
/// <param name="InstalledBytes">Size of what the import made of it.</param>
/// <param name="ImportPeak">Most memory that was resident in the process that imported, bytes.</param>
/// <param name="ImportSeconds">Time of the import, comparison with the source included.</param>
/// <param name="LoadSeconds">From the model's appearance to its first answer.</param>
/// <param name="Alone">The worker while it is alone.</param>
/// <param name="Workers">Two workers that serve the model.</param>
internal sealed record MemoryReport(
    MachineFacts Machine, bool IsLarge, long FileBytes, long InstalledBytes, long ImportPeak, double ImportSeconds, double LoadSeconds,
    WorkerMemory Alone, IReadOnlyList<WorkerMemory> Workers)
{
    /// <summary>Most bytes of growth for one of the file.</summary>
    private const double MostGrowth = 2.2;

    /// <summary>Most bytes resident at any time in a worker with the large model.</summary>
    private const long MostResident = 6_000_000_000;

    /// <summary>Growth of the worker for one byte of the file.</summary>
    public double Growth => (double)(Alone.Resident - Alone.Empty) / FileBytes;

    /// <summary>Whether memory is within its bound.</summary>
    public bool Holds => IsLarge ? Workers.Append(Alone).All(worker => worker.Peak <= MostResident) : Growth <= MostGrowth;

    public string Write() => string.Concat(
    [
        $"{Machine}\n",
        $"file {Mb(FileBytes)} MB, installed {Mb(InstalledBytes)} MB; import {Text(ImportSeconds)} s with at most {Mb(ImportPeak)} MB\n",
        $"first answer {Text(LoadSeconds)} s after the model appeared\n",
        $"alone: {Describe(Alone)}\n",
        .. Workers.Select((worker, i) => $"worker {i + 1} of {Workers.Count}: {Describe(worker)}\n"),
        IsLarge ? $"at most {Mb(MostResident)} MB are wanted at any time\n" : string.Create(
            CultureInfo.InvariantCulture, $"growth {Growth:0.00} bytes for one of the file, at most {MostGrowth} are wanted\n"),
    ]);

    private static string Describe(WorkerMemory memory) =>
        $"empty {Mb(memory.Empty)} MB, peak {Mb(memory.Peak)}, resident {Mb(memory.Resident)}, proportional {Mb(memory.Proportional)}, "
        + $"shared and clean {Mb(memory.SharedClean)}, in no file {Mb(memory.Anonymous)}";

    private static string Mb(long bytes) => (bytes / 1e6).ToString("0", CultureInfo.InvariantCulture);

    private static string Text(double seconds) => seconds.ToString("0", CultureInfo.InvariantCulture);
}
