using Xunit;

namespace Tollgate.Testing;

/// <summary>As <see cref="SharedFactAttribute"/>, for a theory.</summary>
public sealed class SharedTheoryAttribute : TheoryAttribute
{
    public SharedTheoryAttribute(string path) => Skip = new SharedFactAttribute(path).Skip;
}
