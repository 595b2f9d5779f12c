namespace Tollgate.Testing;

/// <summary>Real models and reference outputs that lie beside the repository, not in it.</summary>
public static class SharedFiles
{
    /// <summary>Root of the repository: the nearest folder above the tests that holds the solution.</summary>
    public static string Repository { get; } = FindRepository();

    /// <summary>The folder of shared files: <c>TOLLGATE_SHARED</c>, which must exist, else <c>../shared</c> of the repository, which may be
    /// absent.</summary>
    public static string Folder { get; } = FindFolder();

    /// <summary>Full path of a shared file.</summary>
    public static string At(string relative) => Path.Combine(Folder, relative);

    private static string FindFolder()
    {
        if (Environment.GetEnvironmentVariable("TOLLGATE_SHARED") is not { Length: > 0 } given)
        {
            return Path.Combine(Repository, "..", "shared");
        }

        return Directory.Exists(given)
            ? given
            : throw new DirectoryNotFoundException($"TOLLGATE_SHARED names '{given}', which does not exist.");
    }

    private static string FindRepository()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Platform.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("No Platform.sln above the tests.");
    }
}
