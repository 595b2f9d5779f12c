namespace Tollgate.LocalServers;

/// <summary>Finds the programs of Debian's packages.</summary>
public static class ServerBinaries
{
    /// <summary>Full path of <paramref name="program"/> on the PATH or in Debian's folder of Postgres versions, newest first.</summary>
    /// <exception cref="MissingServerException">It is not installed.</exception>
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

/// <summary>A program that must be on the machine is not; the message says how to get it.</summary>
public sealed class MissingServerException(string message) : Exception(message);
