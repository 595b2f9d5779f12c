using System.Globalization;
using Tollgate.LocalServers;
using Tollgate.ServiceDefaults.Processes;

namespace Tollgate.Clusters;

/// <summary>
/// A base backup of a running Postgres with the log that makes it whole, and its way back into place. Recovery begins a new timeline;
/// whatever was committed after the backup is gone.
/// </summary>
/// <param name="folder">Where the server's <c>data</c> lies.</param>
public sealed class PostgresBackup(string folder, string password, int port)
{
    private readonly string _backup = Path.Combine(folder, "backup");

    /// <summary>Of the server: there is no archive to take more from. They count in recovery alone.</summary>
    internal static IReadOnlyList<string> Settings { get; } = ["restore_command=false"];

    /// <summary>Takes the backup while the server works. A server that has just been restored may end its recovery meanwhile; Postgres
    /// refuses such a backup and asks for another one.</summary>
    /// <exception cref="InvalidOperationException">It failed; the message names the log.</exception>
    public async Task TakeAsync()
    {
        var log = Path.Combine(folder, "backup.log");
        while (!await TryTakeAsync(log))
        {
            if (!(await File.ReadAllTextAsync(log)).Contains("the standby was promoted during online backup", StringComparison.Ordinal))
            {
                throw new InvalidOperationException($"pg_basebackup failed; see {log}");
            }

            File.Delete(log);
        }
    }

    private async Task<bool> TryTakeAsync(string log)
    {
        Remove(_backup);
        string[] command =
        [
            ServerBinaries.Find("pg_basebackup", "postgresql"), "-D", $"{ChildSpec.PathOf(folder)}/backup", "-X", "stream", "-c", "fast",
            "-h", "127.0.0.1", "-p", port.ToString(CultureInfo.InvariantCulture), "-U", "postgres",
        ];
        using var child = await ChildProcess.StartAsync(new ChildSpec(
            "pg_basebackup", command, new Dictionary<string, string> { ["PGPASSWORD"] = password }, log, ChildSignal.Kill,
            PrivatePostgres.User, folder));
        await child.WaitForExitAsync();
        return child.ExitCode == 0;
    }

    /// <summary>Puts the backup in the place of the stopped server's data.</summary>
    public void Restore()
    {
        var data = Path.Combine(folder, "data");
        Remove(data);
        Directory.Move(_backup, data);
        File.WriteAllText(Path.Combine(data, "recovery.signal"), "");
    }

    private static void Remove(string path)
    {
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }
    }
}
