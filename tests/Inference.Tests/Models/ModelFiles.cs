namespace Tollgate.Inference.Tests.Models;

/// <summary>Where model files for tests lie.</summary>
internal static class ModelFiles
{
    /// <summary>The default models in the repository.</summary>
    public static string Defaults { get; } = FindUpwards(
        folder => Path.Combine(folder, "models"), path => Directory.Exists(Path.Combine(path, "tiny-assistant")))
        ?? throw new DirectoryNotFoundException("The repository's folder 'models' is not above the tests.");

    /// <summary>The folder of larger test models beside the repository, or null where it is absent.</summary>
    public static string? Shared { get; } = FindShared();

    public static string SharedModel(params ReadOnlySpan<string> parts) => Path.Combine([Shared!, "models", .. parts]);

    private static string? FindShared()
    {
        var configured = Environment.GetEnvironmentVariable("TOLLGATE_SHARED");
        return configured is not null
            ? Directory.Exists(configured)
                ? configured : throw new DirectoryNotFoundException($"TOLLGATE_SHARED names '{configured}', which does not exist.")
            : FindUpwards(folder => Path.Combine(folder, "..", "shared"), path => Directory.Exists(Path.Combine(path, "models")));
    }

    private static string? FindUpwards(Func<string, string> candidate, Predicate<string> fits)
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Platform.sln")))
            {
                var path = candidate(folder.FullName);
                return fits(path) ? Path.GetFullPath(path) : null;
            }
        }

        return null;
    }
}

/// <summary>A test over the larger models; skipped where they are not at hand.</summary>
internal sealed class SharedModelFactAttribute : FactAttribute
{
    public SharedModelFactAttribute()
    {
        if (ModelFiles.Shared is null)
        {
            Skip = "The folder ../shared/models is not beside the repository.";
        }
    }
}
