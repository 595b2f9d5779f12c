namespace Tollgate.Architecture.Tests.Planted;

/// <summary>Lies above the two folders, as a service's composition does.</summary>
internal static class Root
{
    public static string Name => nameof(Root);
}
