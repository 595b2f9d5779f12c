using System.Diagnostics;
using System.Text;

namespace Tollgate.LocalServers;

/// <summary>
/// Creates folders and files that only their owner can read, from the moment they exist. As root, gives them to the user that needs them.
/// </summary>
public static class OwnerOnly
{
    private const UnixFileMode Folder0700 = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode File0600 = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Creates a folder with mode 0700, or sets that mode on an existing one.</summary>
    public static string Folder(string path)
    {
        if (!Directory.CreateDirectory(path, Folder0700).UnixFileMode.Equals(Folder0700))
        {
            File.SetUnixFileMode(path, Folder0700);
        }

        return path;
    }

    /// <summary>Creates a folder with mode 0700. As root, gives it and everything below to <paramref name="user"/>.</summary>
    public static async Task FolderAsync(string path, string user, CancellationToken cancellationToken)
    {
        Folder(path);
        await GiveAsync(path, user, cancellationToken);
    }

    /// <summary>Replaces a file with mode 0600 atomically: a kill leaves the old or the new file.</summary>
    public static void Write(string path, string text)
    {
        using (var file = Create(path + ".new"))
        {
            file.Write(Encoding.UTF8.GetBytes(text));
        }

        File.Move(path + ".new", path, overwrite: true);
    }

    /// <summary>Replaces a file with mode 0600. As root, gives it to <paramref name="user"/>.</summary>
    public static async Task WriteAsync(string path, string text, string user, CancellationToken cancellationToken)
    {
        Write(path, text);
        await GiveAsync(path, user, cancellationToken);
    }

    /// <summary>
    /// Gives a file, or a folder and everything below it, to <paramref name="user"/> only; does nothing unless this process is root.
    /// </summary>
    /// <exception cref="InvalidOperationException">The system refused.</exception>
    public static async Task GiveAsync(string path, string user, CancellationToken cancellationToken)
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return;
        }

        // Changes the owner before the mode: a file that is closed while root owns it would be unreadable for the servers' user.
        string[][] commands = [["chown", "-R", "-h", $"{user}:", "--", path], ["chmod", "-R", "go-rwx", "--", path]];
        foreach (var command in commands)
        {
            var (exitCode, _, error) = await RunAsync(command[0], command[1..], cancellationToken);
            if (exitCode != 0 && !OnlyMissesFiles(path, error))
            {
                throw new InvalidOperationException($"{path} cannot be given to the user {user}: {error}");
            }
        }
    }

    /// <summary>Whether all that failed is that files went away meanwhile, as those of a server that still ends do.</summary>
    private static bool OnlyMissesFiles(string path, string error) => Path.Exists(path) && error.Length > 0
        && error.Split('\n').All(line => line.EndsWith("No such file or directory", StringComparison.Ordinal));

    /// <summary>Returns the name of the user that owns a file or folder.</summary>
    /// <exception cref="InvalidOperationException">The path does not exist or cannot be read.</exception>
    public static async Task<string> OwnerAsync(string path, CancellationToken cancellationToken)
    {
        var (exitCode, output, error) = await RunAsync("stat", ["-c", "%U", "--", path], cancellationToken);
        return exitCode == 0 ? output : throw new InvalidOperationException(error);
    }

    private static async Task<(int ExitCode, string Output, string Error)> RunAsync(
        string program, string[] arguments, CancellationToken cancellationToken)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["LC_ALL"] = "C" },
        })!;
        var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        var error = await process.StandardError.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        return (process.ExitCode, (await output).Trim(), error.Trim());
    }

    /// <summary>Creates a file with mode 0600, replacing an older one.</summary>
    public static FileStream Create(string path)
    {
        File.Delete(path); // An older file could have another mode.
        return new FileStream(
            path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = File0600 });
    }
}
