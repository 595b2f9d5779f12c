namespace Tollgate.LocalServers;

/// <summary>Finds programs of Debian packages.</summary>
public static class ServerBinaries
{
    /// <summary>
    /// Returns the full path of <paramref name="program"/> on the PATH or in Debian's folders of Postgres versions, newest first.
    /// </summary>
    /// <exception cref="MissingServerException">The program is not installed.</exception>
    public static string Find(string program, string debianPackage)
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries).ToList();
        if (Directory.Exists("/usr/lib/postgresql"))
        {
            folders.AddRange(Directory.GetDirectories("/usr/lib/postgresql")
                .OrderByDescending(f => int.TryParse(Path.GetFileName(f), out var v) ? v : 0)
                .Select(f => Path.Combine(f, "bin")));
        }

        return folders.Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists)
            ?? throw new MissingServerException($"{program} is not installed. On Debian: apt-get install -y {debianPackage}");
    }
}

/// <summary>A required program is not installed; the message explains how to install it.</summary>
public sealed class MissingServerException(string message) : Exception(message);
