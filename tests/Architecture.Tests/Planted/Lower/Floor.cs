using Tollgate.Architecture.Tests.Planted.Upper;

namespace Tollgate.Architecture.Tests.Planted.Lower;

/// <summary>Uses the folder that uses it, and the root above both: two violations.</summary>
internal sealed class Floor
{
    public string Above() => new Roof(this).Lowest + Root.Name;
}
