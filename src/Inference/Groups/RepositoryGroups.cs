using Tollgate.Inference.Models;

namespace Tollgate.Inference.Groups;

/// <summary>The groups that the models of a repository name. Reads each manifest once: a version never changes.</summary>
internal sealed class RepositoryGroups(ModelStore store)
{
    private readonly Dictionary<(string Name, string Version), string?> _known = [];

    /// <exception cref="IOException">The repository cannot be read.</exception>
    public IReadOnlySet<string> Read()
    {
        var installed = Names().SelectMany(name => store.Versions(name).Select(version => (Name: name, Version: version))).ToHashSet();
        foreach (var gone in _known.Keys.Except(installed).ToList())
        {
            _known.Remove(gone);
        }

        foreach (var version in installed.Except(_known.Keys).ToList())
        {
            try
            {
                _known[version] = store.Find(version.Name, version.Version)?.Manifest.Group;
            }
            catch (ModelImportException)
            {
                // The worker says that it is broken; it is read again until it can be.
            }
        }

        return _known.Values.OfType<string>().ToHashSet(StringComparer.Ordinal);
    }

    private IEnumerable<string> Names() => Directory.Exists(store.Root)
        ? Directory.EnumerateDirectories(store.Root).Select(path => Path.GetFileName(path)).Where(ModelName.IsValid) : [];
}
