using Tollgate.Contracts.Workers;

namespace Tollgate.Inference.Models;

/// <summary>One installed version: its manifest and where it lies.</summary>
/// <param name="Folder">Full path of the version's folder.</param>
public sealed record InstalledModel(ModelManifest Manifest, string Folder)
{
    /// <summary>Full path of a file that the manifest lists.</summary>
    /// <exception cref="ModelImportException">The manifest does not list it.</exception>
    public string PathOf(string file) => Manifest.Files.Any(f => f.Name == file)
        ? Path.Combine(Folder, file)
        : throw new ModelImportException($"The manifest of '{Manifest.Name}' uses the file '{file}' without listing it.");

    /// <summary>What a gateway must know of every model; the task adds what it knows.</summary>
    public ModelCard ToCard() => new()
    {
        Name = Manifest.Name,
        Version = Manifest.Version,
        Task = Manifest.Task,
        ContextLength = Manifest.Limits.ContextLength,
        DefaultMaxOutput = Manifest.Limits.DefaultMaxOutput,
        Licence = Manifest.Licence,
        Description = Manifest.Description,
        CreatedAt = Manifest.Created,
        Owner = Manifest.Owned is { } owned ? new ModelOwner(owned.OrganizationId, owned.ProjectId) : null,
        PricedAs = Manifest.Owned?.PricedAs,
        Group = Manifest.Group,
        Precision = Manifest.Precision,
        Parity = Manifest.Parity,
    };
}
