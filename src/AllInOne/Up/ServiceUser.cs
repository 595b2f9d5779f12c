using System.Globalization;
using System.Runtime.InteropServices;
using Tollgate.Cli.Commands;
using Tollgate.Cli.Data;
using Tollgate.LocalServers;
using Tollgate.ServiceDefaults.Processes;

namespace Tollgate.AllInOne.Up;

/// <summary>
/// Drops root's rights, because serving does not need them. A start as root gives the data folder to a system user without password and
/// shell, and continues as that user in the same process. Everything that it starts runs as that user without capabilities.
/// </summary>
internal static partial class ServiceUser
{
    public const string Name = "tollgate";
    private const int GetParentDeathSignal = 2;

    /// <summary>Changes the user of this process. Returns only if the process keeps its user.</summary>
    /// <returns>Null without root's rights; otherwise one line that explains why this start keeps them.</returns>
    /// <exception cref="OperatorException">The data folder belongs to another user.</exception>
    public static async Task<string?> BecomeAsync(DataFolder data, CancellationToken cancellationToken)
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return null;
        }

        var owner = await OwnerOnly.OwnerAsync(data.Root, cancellationToken);
        if (owner is not "root" and not Name)
        {
            throw new OperatorException(
                $"The folder {data.Root} belongs to the user {owner}. Start as that user, or choose another with --data.");
        }

        if (await FindObstacleAsync(data, cancellationToken) is { } obstacle)
        {
            return $"Serving as root: {obstacle}. Postgres and Redis run as users of their own.";
        }

        await OwnerOnly.GiveAsync(data.Root, Name, cancellationToken);
        return $"Serving as root: {Replace(data)}.";
    }

    private static async Task<string?> FindObstacleAsync(DataFolder data, CancellationToken cancellationToken)
    {
        if (await RunAsync(["id", "-u", Name], cancellationToken) is not null
            && await RunAsync(
                ["useradd", "--system", "--no-create-home", "--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin", Name],
                cancellationToken) is { } reason
            && await RunAsync(["id", "-u", Name], cancellationToken) is not null)
        {
            return $"the user {Name} cannot be made ({reason})";
        }

        string[] needed =
        [
            Environment.ProcessPath!, Path.Combine(AppContext.BaseDirectory, "Tollgate.AllInOne.dll"), Path.GetDirectoryName(data.Root)!,
        ];
        foreach (var path in needed)
        {
            if (await RunAsync(["setpriv", .. ChildProcess.Unprivileged(Name), "--", "test", Directory.Exists(path) ? "-x" : "-r", path],
                cancellationToken) is { } refused)
            {
                return refused.Length > 0 ? refused : $"the user {Name} cannot reach {path}";
            }
        }

        return null;
    }

    /// <summary>Runs a command. Returns null on success, otherwise its standard error.</summary>
    private static async Task<string?> RunAsync(string[] command, CancellationToken cancellationToken)
    {
        try
        {
            using var process = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(command[0], command[1..])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
            var error = await process.StandardError.ReadToEndAsync(cancellationToken);
            await process.WaitForExitAsync(cancellationToken);
            return process.ExitCode == 0 ? null : error.Trim();
        }
        catch (System.ComponentModel.Win32Exception exception)
        {
            return exception.Message;
        }
    }

    /// <summary>Replaces this process by the same command as the other user. Returns the reason when the system refuses.</summary>
    private static string Replace(DataFolder data)
    {
        // Changing the user clears the parent-death signal, so it is set again.
        string[] parentDeath = ParentDeath(GetParentDeathSignal, out var signal) == 0 && signal > 0
            ? ["--pdeathsig", signal.ToString(CultureInfo.InvariantCulture)]
            : [];
        var arguments = File.ReadAllText("/proc/self/cmdline").Split('\0')[1..^1];
        string?[] command =
            ["setpriv", .. parentDeath, .. ChildProcess.Unprivileged(Name), "--", Environment.ProcessPath!, .. arguments, null];
        var environment = Environment.GetEnvironmentVariables().Cast<System.Collections.DictionaryEntry>()
            .Where(variable => variable.Key is not "HOME" and not "USER" and not "LOGNAME")
            .Select(variable => $"{variable.Key}={variable.Value}");
        _ = Execute(ServerBinaries.Find("setpriv", "util-linux"), command, [.. environment, $"HOME={data.Root}", $"USER={Name}", null]);
        return $"{ServerBinaries.Find("setpriv", "util-linux")} cannot be executed ({Marshal.GetLastPInvokeErrorMessage()})";
    }

    [LibraryImport("libc", EntryPoint = "execve", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Execute(string path, string?[] arguments, string?[] environment);

    [LibraryImport("libc", EntryPoint = "prctl", SetLastError = true)]
    private static partial int ParentDeath(int option, out int signal);
}
