namespace Tollgate.Testing;

/// <summary>Real models and reference outputs that lie beside the repository, not in it.</summary>
public static class SharedFiles
{
    /// <summary>Root of the repository: the nearest folder above the tests that holds the solution.</summary>
    public static string Repository { get; } = FindRepository();

    /// <summary>The folder of shared files: <c>TOLLGATE_SHARED</c>, else <c>../shared</c> of the repository. It may be absent.</summary>
    public static string Folder { get; } =
        Environment.GetEnvironmentVariable("TOLLGATE_SHARED") is { Length: > 0 } given ? given : Path.Combine(Repository, "..", "shared");

    /// <summary>Full path of a shared file.</summary>
    public static string At(string relative) => Path.Combine(Folder, relative);

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
