using System.Collections.Frozen;

namespace Tollgate.Accounts.Catalogue;

/// <summary>Which version of a model serves while no worker has any of its plan. Thread-safe.</summary>
internal sealed class StandIns
{
    private volatile FrozenDictionary<string, string> _versions = FrozenDictionary<string, string>.Empty;

    /// <summary>Null for a model whose plan can be followed, or that has none.</summary>
    public string? Of(string model) => _versions.GetValueOrDefault(model);

    /// <summary>Replaces all of them, by model. Returns whether one changed.</summary>
    public bool Set(IReadOnlyDictionary<string, string> versions)
    {
        var before = _versions;
        _versions = versions.ToFrozenDictionary(StringComparer.Ordinal);
        return before.Count != versions.Count || versions.Any(one => before.GetValueOrDefault(one.Key) != one.Value);
    }
}
