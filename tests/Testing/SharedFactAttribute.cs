using Xunit;

namespace Tollgate.Testing;

/// <summary>A test over files of the shared folder; reports itself as skipped where they are absent, which they never are in CI.</summary>
public sealed class SharedFactAttribute : FactAttribute
{
    /// <param name="path">What the test needs, below the shared folder.</param>
    public SharedFactAttribute(string path)
    {
        if (!Path.Exists(SharedFiles.At(path)))
        {
            Skip = $"The shared file {path} is not on this machine.";
        }
    }
}
