using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Models;

/// <summary>Where model files for tests lie.</summary>
internal static class ModelFiles
{
    /// <summary>The default models in the repository.</summary>
    public static string Defaults { get; } = Path.Combine(SharedFiles.Repository, "models");

    /// <summary>A file among the larger test models beside the repository.</summary>
    public static string SharedModel(params ReadOnlySpan<string> parts) => SharedFiles.At(Path.Combine(["models", .. parts]));
}
