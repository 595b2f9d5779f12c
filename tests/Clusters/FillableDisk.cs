using System.Globalization;
using Tollgate.ServiceDefaults.Processes;

namespace Tollgate.Clusters;

/// <summary>
/// A disk that is full for one process alone, for root and for anybody else: the kernel lets it make no file larger than a limit, which is
/// below a journal's segment. Files that exist can still be written, as on a disk that is full.
/// </summary>
public static class FillableDisk
{
    /// <summary>Above all that a gateway writes besides segments, bytes.</summary>
    private const int Limit = 32 * 1024;

    /// <summary>Size of segments that the limit forbids, bytes; for <c>Journal:SegmentBytes</c>.</summary>
    public const int SegmentBytes = 64 * 1024;

    /// <summary>The same process so that it can bear the limit: its log goes through a pipe, and the kernel's signal is ignored.</summary>
    /// <param name="readers">Takes the process that reads the pipe; it outlives the other's restarts.</param>
    internal static async Task<ChildSpec> PrepareAsync(ChildSpec spec, List<ChildProcess> readers)
    {
        var pipe = spec.LogFile + ".pipe";
        if (!File.Exists(pipe))
        {
            await RunAsync(new ChildSpec("mkfifo", ["mkfifo", pipe], spec.Environment.Take(0).ToDictionary(), spec.LogFile));

            // Open for writing too, so that it never ends: the writer comes and goes.
            readers.Add(await ChildProcess.StartAsync(new ChildSpec(
                spec.Name + "-log", ["/bin/sh", "-c", "exec cat <>\"$0\"", pipe], new Dictionary<string, string>(), spec.LogFile)));
        }

        return spec with { LogFile = pipe, Command = ["/bin/sh", "-c", "trap '' XFSZ; exec \"$@\"", spec.Name, .. spec.Command] };
    }

    public static Task FillAsync(ClusterProcess process, string log) =>
        SetAsync(process, Limit.ToString(CultureInfo.InvariantCulture), log);

    /// <summary>Does nothing to a process that has ended.</summary>
    public static Task EmptyAsync(ClusterProcess process, string log) =>
        process.IsRunning ? SetAsync(process, "unlimited", log) : Task.CompletedTask;

    private static Task SetAsync(ClusterProcess process, string limit, string log) => RunAsync(new ChildSpec(
        "prlimit", ["prlimit", "--pid", process.Id.ToString(CultureInfo.InvariantCulture), $"--fsize={limit}:"],
        new Dictionary<string, string>(), log));

    private static async Task RunAsync(ChildSpec spec)
    {
        using var child = await ChildProcess.StartAsync(spec);
        await child.WaitForExitAsync();
        if (child.ExitCode != 0)
        {
            throw new InvalidOperationException($"{spec.Name} failed; see {spec.LogFile}");
        }
    }
}
