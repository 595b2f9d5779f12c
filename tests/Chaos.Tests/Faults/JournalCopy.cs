using Tollgate.Clusters;

namespace Tollgate.Chaos.Tests.Faults;

/// <summary>A copy of a gateway's journal folder, file by file while the gateway writes, as a backup that knows nothing of it makes.</summary>
internal sealed class JournalCopy(TollgateCluster cluster, string gateway)
{
    private readonly string _journal = Path.Combine(cluster.Folder, gateway, "journal");
    private readonly string _copy = Path.Combine(cluster.Folder, gateway, "journal.copy");

    public void Take()
    {
        Remove(_copy);
        Directory.CreateDirectory(_copy);
        foreach (var file in Directory.GetFiles(_journal).Order())
        {
            // Not File.Copy, which heeds the lock that the gateway holds on its folder.
            using var source = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var target = new FileStream(Path.Combine(_copy, Path.GetFileName(file)), FileMode.CreateNew);
            source.CopyTo(target);
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
