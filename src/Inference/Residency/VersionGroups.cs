using System.Collections.Concurrent;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Residency;

/// <summary>The groups of the versions in a repository. Reads each manifest once: a version never changes. Thread-safe.</summary>
internal sealed class VersionGroups(ModelStore store)
{
    private readonly ConcurrentDictionary<(string Name, string Version), string?> _known = new();

    /// <summary>The group of a version; null for none, and for one whose manifest cannot be read.</summary>
    public string? Of(string name, string version)
    {
        if (_known.TryGetValue((name, version), out var known))
        {
            return known;
        }

        try
        {
            return _known[(name, version)] = store.Find(name, version)?.Manifest.Group;
        }
        catch (ModelImportException)
        {
            return null; // The worker says that it is broken, and it is read again until it can be.
        }
    }

    /// <summary>All groups that versions name.</summary>
    /// <exception cref="IOException">The repository cannot be read.</exception>
    public IReadOnlySet<string> Read()
    {
        var installed = store.Names().SelectMany(name => store.Versions(name).Select(version => (name, version))).ToHashSet();
        foreach (var gone in _known.Keys.Except(installed))
        {
            _known.TryRemove(gone, out _);
        }

        return installed.Select(version => Of(version.name, version.version)).OfType<string>().ToHashSet(StringComparer.Ordinal);
    }
}
