using ArchUnitNET.Domain;

namespace Tollgate.Architecture.Tests;

/// <summary>
/// Which folders of one project use which others, each with an example. A folder is the first part of a namespace after the project's.
/// </summary>
/// <param name="root">The project's namespace, such as <c>Tollgate.Gateway</c>.</param>
internal sealed class FolderGraph(string root)
{
    private readonly SortedDictionary<string, SortedDictionary<string, string>> _uses = new(StringComparer.Ordinal);

    /// <summary>The folder of a namespace: empty for the project's own, null for a namespace outside the project.</summary>
    public string? FolderOf(string name)
    {
        if (name == root)
        {
            return "";
        }

        return name.StartsWith(root + ".", StringComparison.Ordinal) ? name[(root.Length + 1)..].Split('.')[0] : null;
    }

    /// <summary>Adds what the compiled types of <paramref name="architecture"/> use.</summary>
    public FolderGraph Add(ArchUnitNET.Domain.Architecture architecture)
    {
        foreach (var type in architecture.Types)
        {
            foreach (var used in type.Dependencies.Select(dependency => dependency.Target).Where(used => used is not GenericParameter))
            {
                Add(type.Namespace?.FullName ?? "", used.Namespace?.FullName ?? "", $"{type.Name} uses {used.Name}");
            }
        }

        return this;
    }

    /// <summary>Adds what the files of <paramref name="sources"/> import.</summary>
    public FolderGraph Add(ServiceSources sources)
    {
        foreach (var file in sources.Files())
        {
            foreach (var import in sources.Imports(file))
            {
                Add(sources.ExpectedNamespace(file), import, $"{file} imports {import}");
            }
        }

        return this;
    }

    /// <summary>Adds one use; uses inside a folder and of other projects do not count.</summary>
    public void Add(string from, string to, string example)
    {
        if (FolderOf(from) is { } user && FolderOf(to) is { } used && user != used)
        {
            if (!_uses.TryGetValue(user, out var all))
            {
                _uses[user] = all = new SortedDictionary<string, string>(StringComparer.Ordinal);
            }

            all.TryAdd(used, example);
        }
    }

    /// <summary>Uses of what lies in the project's root folder: it composes the folders, so none of them may know it.</summary>
    public IReadOnlyList<string> UsesOfTheRoot() =>
        [.. _uses.Values.SelectMany(uses => uses.Where(use => use.Key.Length == 0)).Select(use => use.Value)];

    /// <summary>One shortest circle for each folder that is in one, with an example of each step; empty when imports go one way.</summary>
    public IReadOnlyList<string> Circles() =>
        [.. _uses.Keys.Where(folder => folder.Length > 0).Select(Circle).OfType<string[]>()
            .DistinctBy(circle => string.Join(' ', circle.Order())).Select(Describe)];

    private string[]? Circle(string start)
    {
        var cameFrom = new Dictionary<string, string>(StringComparer.Ordinal);
        var open = new Queue<string>([start]);
        while (open.TryDequeue(out var folder))
        {
            foreach (var next in _uses.GetValueOrDefault(folder)?.Keys.Where(next => next.Length > 0) ?? [])
            {
                if (next == start)
                {
                    var circle = new List<string> { folder };
                    while (circle[^1] != start)
                    {
                        circle.Add(cameFrom[circle[^1]]);
                    }

                    circle.Reverse();
                    return [.. circle];
                }

                if (cameFrom.TryAdd(next, folder))
                {
                    open.Enqueue(next);
                }
            }
        }

        return null;
    }

    private string Describe(string[] circle) => string.Join(
        " → ", circle.Select((folder, at) => $"{folder} ({_uses[folder][circle[(at + 1) % circle.Length]]})").Append(circle[0]));
}
