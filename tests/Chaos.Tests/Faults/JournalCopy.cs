using Tollgate.Clusters;
using Tollgate.ServiceDefaults.Processes;

namespace Tollgate.Chaos.Tests.Faults;

/// <summary>
/// A copy of a gateway's journal folder, file by file while the gateway writes, as a backup that knows nothing of it makes.
/// </summary>
internal sealed class JournalCopy(TollgateCluster cluster, string gateway)
{
    private readonly string _journal = Path.Combine(cluster.Folder, gateway, "journal");
    private readonly string _copy = Path.Combine(cluster.Folder, gateway, "journal.copy");

    public async Task TakeAsync()
    {
        Remove(_copy);

        // Not File.Copy, which heeds the locks that the gateway holds.
        using var child = await ChildProcess.StartAsync(new ChildSpec(
            "cp", ["cp", "-r", _journal, _copy], new Dictionary<string, string>(), cluster.LogFile("copies")));
        await child.WaitForExitAsync();
        if (child.ExitCode != 0)
        {
            throw new InvalidOperationException($"cp failed; see {cluster.LogFile("copies")}");
        }
    }

    public void Restore()
    {
        Remove(_journal);
        Directory.Move(_copy, _journal);
    }

    private static void Remove(string path)
    {
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }
    }
}
