using System.Text.Json;

namespace Tollgate.Inference.Models;

/// <summary>A version under construction, in a folder beside the installed ones.</summary>
/// <param name="owned">Stands in the manifest; null for a model that the operator installs.</param>
/// <param name="group">Stands in the manifest; null for none.</param>
internal sealed class ModelDraft(ModelStore store, string name, string folder, ModelOwnership? owned, string? group) : IDisposable
{
    private bool _installed;

    public string Name => name;

    public string Folder => folder;

    /// <summary>Describes every file of the folder, writes the manifest and moves the folder to its place.</summary>
    /// <param name="describe">Makes the manifest from the version's number and its files.</param>
    /// <exception cref="ModelImportException">The folder cannot be moved.</exception>
    public async Task<InstalledModel> InstallAsync(
        Func<string, IReadOnlyList<ModelFile>, ModelManifest> describe, CancellationToken cancellationToken)
    {
        var files = new List<ModelFile>();
        foreach (var path in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            var described = await ModelStore.DescribeAsync(path, cancellationToken);
            files.Add(described with { Name = Path.GetRelativePath(folder, path) });
        }

        while (true)
        {
            var manifest = describe(store.NextVersion(name), files) with { Owned = owned, Group = group };
            var target = Path.Combine(store.Root, name, manifest.Version);
            WriteManifest(manifest);
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            try
            {
                Directory.Move(folder, target);
                _installed = true;
                return new InstalledModel(manifest, target);
            }
            catch (IOException) when (Directory.Exists(target))
            {
                // Another import took the number in between: take the next one.
                cancellationToken.ThrowIfCancellationRequested();
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                throw new ModelImportException($"The model cannot be moved to {target}: {exception.Message}", exception);
            }
        }
    }

    public void Dispose()
    {
        if (!_installed && Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private void WriteManifest(ModelManifest manifest)
    {
        using var stream = new FileStream(Path.Combine(folder, ModelManifest.FileName), FileMode.Create, FileAccess.Write, FileShare.None);
        JsonSerializer.Serialize(stream, manifest, ManifestJson.Default.ModelManifest);
        stream.Flush(flushToDisk: true);
    }
}
