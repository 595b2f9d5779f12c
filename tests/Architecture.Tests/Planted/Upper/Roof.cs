using Tollgate.Architecture.Tests.Planted.Lower;

namespace Tollgate.Architecture.Tests.Planted.Upper;

/// <summary>Uses the folder below, which is right.</summary>
internal sealed class Roof(Floor floor)
{
    public string Lowest => floor.GetType().Name;
}
