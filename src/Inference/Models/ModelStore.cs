using System.Security.Cryptography;
using System.Text.Json;
using Tollgate.Contracts.Workers;

namespace Tollgate.Inference.Models;

/// <summary>The model repository: <c>&lt;root&gt;/&lt;name&gt;/&lt;version&gt;/model.json</c> and the files it lists.</summary>
/// <remarks>
/// A version appears whole or not at all: it is built in a folder beside the others, synced, and renamed. Several processes may read and
/// install at once; two that install the same version agree on one winner.
/// </remarks>
public sealed class ModelStore(string root)
{
    private const string TemporaryPrefix = ".new-";

    /// <summary>A folder under construction in which nothing was written for so long belongs to nobody.</summary>
    private static readonly TimeSpan Abandoned = TimeSpan.FromDays(1);

    public string Root { get; } = Path.GetFullPath(root);

    /// <summary>Names of the models, without order.</summary>
    public IEnumerable<string> Names() => Directory.Exists(Root)
        ? Directory.EnumerateDirectories(Root).Select(folder => Path.GetFileName(folder)).Where(ModelName.IsValid) : [];

    /// <summary>The newest version of every model, by name. A folder without a readable manifest is an exception, not a gap.</summary>
    /// <exception cref="ModelImportException">A manifest cannot be read.</exception>
    public IReadOnlyList<InstalledModel> List() =>
        [.. Names().Order(StringComparer.Ordinal).Select(name => Find(name)).OfType<InstalledModel>()];

    /// <summary>Versions of a model, newest first. Numbers are compared as numbers.</summary>
    public IReadOnlyList<string> Versions(string name)
    {
        var folder = Path.Combine(Root, ModelName.Check(name));
        return Directory.Exists(folder)
            ? [.. Directory.EnumerateDirectories(folder).Select(f => Path.GetFileName(f)!).Where(ModelName.IsValid)
                .OrderDescending(VersionOrder.Instance)]
            : [];
    }

    /// <summary>A version of a model, the newest unless one is named; null when there is none.</summary>
    /// <exception cref="ModelImportException">The name is not allowed, or the manifest cannot be read.</exception>
    public InstalledModel? Find(string name, string? version = null)
    {
        if (version is null)
        {
            var versions = Versions(name);
            if (versions.Count == 0)
            {
                return null;
            }

            version = versions[0];
        }

        ModelName.Check(version);
        var folder = Path.Combine(Root, ModelName.Check(name), version);
        return Directory.Exists(folder) ? ReadManifest(folder, name, version) : null;
    }

    /// <summary>Compares every file of a version with the size and hash in its manifest.</summary>
    /// <exception cref="ModelImportException">A file is missing or differs.</exception>
    public static async Task VerifyAsync(InstalledModel model, CancellationToken cancellationToken)
    {
        foreach (var file in model.Manifest.Files)
        {
            var path = model.PathOf(file.Name);
            if (!File.Exists(path))
            {
                throw new ModelImportException(
                    $"The file '{file.Name}' of model '{model.Manifest.Name}' {model.Manifest.Version} is missing.");
            }

            var found = await DescribeAsync(path, cancellationToken);
            if (found with { Name = file.Name } != file)
            {
                throw new ModelImportException(
                    $"The file '{file.Name}' of model '{model.Manifest.Name}' {model.Manifest.Version} "
                    + "is not the one that was installed.");
            }
        }
    }

    /// <summary>Size and hash of a file.</summary>
    public static async Task<ModelFile> DescribeAsync(string path, CancellationToken cancellationToken)
    {
        await using var stream = new FileStream(
            path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 20, FileOptions.SequentialScan | FileOptions.Asynchronous);
        var hash = await SHA256.HashDataAsync(stream, cancellationToken);
        return new ModelFile(Path.GetFileName(path), Convert.ToHexStringLower(hash), stream.Length);
    }

    /// <summary>Opens an empty folder to build a version in. It is removed on disposal unless it was installed.</summary>
    /// <param name="owned">Whose trained model it is; null for one of the operator.</param>
    /// <param name="group">See <see cref="ModelManifest.Group"/>.</param>
    /// <exception cref="ModelImportException">The name or the group is not allowed.</exception>
    internal ModelDraft Begin(string name, ModelOwnership? owned = null, string? group = null)
    {
        ModelName.Check(name);
        if (group is not null)
        {
            ModelName.Check(group);
        }

        var folder = Path.Combine(Root, $"{TemporaryPrefix}{Guid.NewGuid():N}");
        Directory.CreateDirectory(folder);
        RemoveAbandoned();
        return new ModelDraft(this, name, folder, owned, group);
    }

    /// <summary>Removes all versions of a model. They leave the repository at once, whoever reads their files.</summary>
    /// <exception cref="IOException">The folder cannot be moved or deleted.</exception>
    internal void Remove(string name)
    {
        var folder = Path.Combine(Root, ModelName.Check(name));
        if (Directory.Exists(folder))
        {
            var leaving = Path.Combine(Root, $"{TemporaryPrefix}{Guid.NewGuid():N}");
            Directory.Move(folder, leaving);
            Directory.Delete(leaving, recursive: true);
        }
    }

    /// <summary>Removes what imports and removals that were killed have left.</summary>
    private void RemoveAbandoned()
    {
        var limit = (TimeProvider.System.GetUtcNow() - Abandoned).UtcDateTime;
        foreach (var folder in new DirectoryInfo(Root).EnumerateDirectories($"{TemporaryPrefix}*"))
        {
            try
            {
                if (folder.EnumerateFileSystemInfos("*", SearchOption.AllDirectories).Append(folder).All(e => e.LastWriteTimeUtc < limit))
                {
                    folder.Delete(recursive: true);
                }
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // Another import removes it too, or it is another user's.
            }
        }
    }

    /// <summary>Next version number that is free.</summary>
    internal string NextVersion(string name) =>
        $"{Versions(name).Select(v => int.TryParse(v, out var number) ? number : 0).DefaultIfEmpty(0).Max() + 1}";

    private static InstalledModel ReadManifest(string folder, string name, string version)
    {
        var path = Path.Combine(folder, ModelManifest.FileName);
        try
        {
            using var stream = File.OpenRead(path);
            var manifest = JsonSerializer.Deserialize(stream, ManifestJson.Default.ModelManifest)
                ?? throw new ModelImportException($"The manifest {path} is empty.");
            if (manifest.Format > ModelManifest.CurrentFormat)
            {
                throw new ModelImportException(
                    $"The manifest {path} is of format {manifest.Format}; this program reads up to {ModelManifest.CurrentFormat}.");
            }

            if (manifest.Name != name || manifest.Version != version)
            {
                throw new ModelImportException($"The manifest {path} is of '{manifest.Name}' {manifest.Version}.");
            }

            if (manifest.Files.FirstOrDefault(f => !ModelName.IsValidFile(f.Name)) is { } file)
            {
                throw new ModelImportException($"The manifest {path} lists a file with the name '{file.Name}', which is not allowed.");
            }

            return new InstalledModel(manifest, folder);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new ModelImportException($"The manifest {path} cannot be read: {exception.Message}", exception);
        }
    }
}
