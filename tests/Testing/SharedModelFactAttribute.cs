using Xunit;

namespace Tollgate.Testing;

/// <summary>A test over a real model of the shared folder; reports itself as skipped
/// where that model is absent, which it never is in CI.</summary>
public sealed class SharedModelFactAttribute : FactAttribute
{
    /// <param name="model">Folder under <c>models</c>.</param>
    public SharedModelFactAttribute(string model)
    {
        if (!Directory.Exists(SharedFiles.At(Path.Combine("models", model))))
        {
            Skip = $"The shared model {model} is not on this machine.";
        }
    }
}
