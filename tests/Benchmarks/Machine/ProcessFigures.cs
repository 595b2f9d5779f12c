using System.Globalization;

namespace Tollgate.Benchmarks.Machine;

/// <summary>What the kernel says of processes.</summary>
internal static class ProcessFigures
{
    /// <summary>Ticks in a second of the times in <c>/proc</c>; Linux shows 100 to every program.</summary>
    private const double TicksPerSecond = 100;

    /// <summary>
    /// Seconds of CPU, user and system, that a process has used, with all its threads, its children, and those of them that have ended.
    /// The kernel scales them to the exact run time, so the error is one tick, not one tick a slice.
    /// </summary>
    public static double CpuSeconds(int processId)
    {
        var own = Read(processId);
        return own is null ? 0 : own.Ticks / TicksPerSecond + Children(processId).Sum(CpuSeconds);
    }

    /// <summary>
    /// Seconds of CPU of a process' living threads by their names, of which Linux keeps 15 characters: the runtime names those that
    /// compile, collect and wait for sockets.
    /// </summary>
    public static Dictionary<string, double> CpuSecondsByThread(int processId)
    {
        var seconds = new Dictionary<string, double>();
        foreach (var task in Directory.EnumerateDirectories($"/proc/{processId}/task"))
        {
            if (TryReadText(Path.Combine(task, "comm")) is { } name && TryReadText(Path.Combine(task, "schedstat")) is { } times)
            {
                var ran = long.Parse(times.Split(' ')[0], CultureInfo.InvariantCulture) / 1e9;
                seconds[name.Trim()] = seconds.GetValueOrDefault(name.Trim()) + ran;
            }
        }

        return seconds;
    }

    /// <summary>Memory in RAM, bytes, of the process alone.</summary>
    public static long ResidentBytes(int processId) => StatusBytes(processId, "VmRSS:");

    /// <summary>The most memory in RAM that the process has had, bytes.</summary>
    public static long PeakBytes(int processId) => StatusBytes(processId, "VmHWM:");

    /// <summary>A line of the process' memory map in sum, bytes: <c>Pss</c> shares out what several processes have, <c>Shared_Clean</c> is
    /// what others have too and a file on disk holds, <c>Anonymous</c> is in no file.</summary>
    public static long MappedBytes(int processId, string name) => LineBytes($"/proc/{processId}/smaps_rollup", name + ":");

    private static long StatusBytes(int processId, string name) => LineBytes($"/proc/{processId}/status", name);

    private static long LineBytes(string file, string name)
    {
        foreach (var line in File.ReadLines(file))
        {
            if (line.StartsWith(name, StringComparison.Ordinal))
            {
                return long.Parse(line[name.Length..^"kB".Length].Trim(), CultureInfo.InvariantCulture) * 1024;
            }
        }

        return 0;
    }

    private static IEnumerable<int> Children(int processId)
    {
        foreach (var task in Directory.EnumerateDirectories($"/proc/{processId}/task"))
        {
            if (TryReadText(Path.Combine(task, "children")) is { } text)
            {
                foreach (var child in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                {
                    yield return int.Parse(child, CultureInfo.InvariantCulture);
                }
            }
        }
    }

    private static Stat? Read(int processId)
    {
        if (TryReadText($"/proc/{processId}/stat") is not { } text)
        {
            return null;
        }

        // The name in brackets may hold anything; the fields are counted from behind it: utime is field 14, then stime, cutime, cstime.
        var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
        return new Stat(fields[11..15].Sum(field => long.Parse(field, CultureInfo.InvariantCulture)));
    }

    private static string? TryReadText(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException or IOException)
        {
            return null; // It has ended meanwhile.
        }
    }

    private sealed record Stat(long Ticks);
}
