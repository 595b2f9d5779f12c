using System.Diagnostics;
using System.Text;

namespace Tollgate.LocalServers;

/// <summary>
/// Folders and files that only their owner may read, closed from the moment they exist. As root they are given to the user that needs them
/// before anything is written.
/// </summary>
public static class OwnerOnly
{
    private const UnixFileMode Folder0700 = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode File0600 = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Makes a folder of mode 0700, or closes one that is there.</summary>
    public static string Folder(string path)
    {
        if (!Directory.CreateDirectory(path, Folder0700).UnixFileMode.Equals(Folder0700))
        {
            File.SetUnixFileMode(path, Folder0700);
        }

        return path;
    }

    /// <summary>The same, with everything below given to <paramref name="user"/> when this process is root.</summary>
    public static async Task FolderAsync(string path, string user, CancellationToken cancellationToken)
    {
        Folder(path);
        await GiveAsync(path, user, cancellationToken);
    }

    /// <summary>Replaces a file of mode 0600. A kill leaves the old one or the new one.</summary>
    public static void Write(string path, string text)
    {
        using (var file = Create(path + ".new"))
        {
            file.Write(Encoding.UTF8.GetBytes(text));
        }

        File.Move(path + ".new", path, overwrite: true);
    }

    /// <summary>The same for a file that <paramref name="user"/> reads when this process is root.</summary>
    public static async Task WriteAsync(string path, string text, string user, CancellationToken cancellationToken)
    {
        Write(path, text);
        await GiveAsync(path, user, cancellationToken);
    }

    /// <summary>Gives a file, or a folder and everything below it, to <paramref name="user"/> alone; does nothing unless this process is root.</summary>
    /// <exception cref="InvalidOperationException">The system refused.</exception>
    public static async Task GiveAsync(string path, string user, CancellationToken cancellationToken)
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return;
        }

        // First the owner, then the mode: what is closed while it is still root's cannot be read by anybody who serves.
        string[][] commands = [["chown", "-R", "-h", $"{user}:", "--", path], ["chmod", "-R", "go-rwx", "--", path]];
        foreach (var command in commands)
        {
            var (exitCode, _, error) = await RunAsync(command[0], command[1..], cancellationToken);
            if (exitCode != 0)
            {
                throw new InvalidOperationException($"{path} cannot be given to the user {user}: {error}");
            }
        }
    }

    /// <summary>Name of the user that owns a file or folder.</summary>
    /// <exception cref="InvalidOperationException">There is none, or it cannot be seen.</exception>
    public static async Task<string> OwnerAsync(string path, CancellationToken cancellationToken)
    {
        var (exitCode, output, error) = await RunAsync("stat", ["-c", "%U", "--", path], cancellationToken);
        return exitCode == 0 ? output : throw new InvalidOperationException(error);
    }

    private static async Task<(int ExitCode, string Output, string Error)> RunAsync(
        string program, string[] arguments, CancellationToken cancellationToken)
    {
        using var process = Process.Start(
            new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        var error = await process.StandardError.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        return (process.ExitCode, (await output).Trim(), error.Trim());
    }

    /// <summary>Creates a file of mode 0600, in the place of an older one.</summary>
    public static FileStream Create(string path)
    {
        File.Delete(path); // An older one could have another mode.
        return new FileStream(
            path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = File0600 });
    }
}
