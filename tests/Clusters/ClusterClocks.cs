using System.Globalization;
using Tollgate.LocalServers;

namespace Tollgate.Clusters;

/// <summary>
/// Clocks of single processes that can be stepped while these run, by Debian's libfaketime: it reads the offset from a file, once a second.
/// Only the time of day is stepped; time spans go on as they were.
/// </summary>
public sealed class ClusterClocks(string folder)
{
    /// <summary>When a step is seen at the latest by a process that has a processor to run on.</summary>
    public static readonly TimeSpan SeenAfter = TimeSpan.FromSeconds(1);

    private static readonly string[] Libraries =
        ["/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1", "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1"];

    /// <summary>What a process needs to run on a clock of its own, which shows the right time at first.</summary>
    /// <exception cref="MissingServerException">libfaketime is not installed.</exception>
    public IReadOnlyDictionary<string, string> EnvironmentOf(string process)
    {
        var library = Libraries.FirstOrDefault(File.Exists)
            ?? throw new MissingServerException("libfaketime is not installed. On Debian: apt-get install -y faketime");
        Step(process, TimeSpan.Zero);
        return new Dictionary<string, string>
        {
            // libc once more: jemalloc, which Redis brings, asks for the time while libfaketime is still starting.
            ["LD_PRELOAD"] = library + " libc.so.6",
            ["FAKETIME_TIMESTAMP_FILE"] = FileOf(process),
            ["FAKETIME_CACHE_DURATION"] = "1",
            ["FAKETIME_DONT_FAKE_MONOTONIC"] = "1",
            ["DONT_FAKE_MONOTONIC"] = "1",

            // The fix takes waits on the monotonic clock for waits on the wrong one: they end at once, and each idle .NET thread spins.
            ["FAKETIME_FORCE_MONOTONIC_FIX"] = "0",
        };
    }

    /// <summary>Sets how far the clock is from the machine's, in whole seconds.</summary>
    public void Step(string process, TimeSpan offset)
    {
        Directory.CreateDirectory(folder);
        var next = FileOf(process) + ".next";
        File.WriteAllText(
            next,
            string.Create(
                CultureInfo.InvariantCulture, $"{(offset < TimeSpan.Zero ? "-" : "+")}{Math.Abs(offset.TotalSeconds):0}\n"));
        File.Move(next, FileOf(process), overwrite: true);
    }

    private string FileOf(string process) => Path.Combine(folder, process);
}
