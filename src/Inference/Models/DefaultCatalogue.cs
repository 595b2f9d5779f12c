using System.Text.Json;
using System.Text.Json.Serialization;
using Tollgate.Inference.Import;

namespace Tollgate.Inference.Models;

/// <summary>The models that ship with the product: source files, imported like a user's.</summary>
internal static class DefaultCatalogue
{
    public static async Task<IReadOnlyList<InstalledModel>> InstallAsync(
        ModelStore store, string defaultsFolder, ModelImportOptions options, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(defaultsFolder))
        {
            throw new ModelImportException($"There is no folder of default models '{defaultsFolder}'.");
        }

        var installed = new List<InstalledModel>();
        foreach (var folder in Directory.EnumerateDirectories(defaultsFolder).Order(StringComparer.Ordinal))
        {
            var name = Path.GetFileName(folder);
            var recipe = Path.Combine(folder, "import.json");
            if (!File.Exists(recipe))
            {
                continue;
            }

            var entry = await ReadAsync(recipe, cancellationToken);
            if (!await IsNewAsync(store, name, folder, entry, cancellationToken))
            {
                continue;
            }

            installed.Add(await ModelImport.RunAsync(
                Path.Combine(folder, entry.File),
                name,
                store.Root,
                options with
                {
                    Licence = entry.Licence,
                    Description = entry.Description,
                    DefaultMaxOutput = entry.DefaultMaxOutput,
                    Completions = entry.Completions,
                    TokenizerFile = null,
                },
                progress: null,
                cancellationToken));
        }

        return installed;
    }

    /// <summary>
    /// Whether the repository lacks the model, or holds it only as an earlier release shipped it. A model of that name that the operator
    /// imported stays as it is, and a file that was installed once is not installed again.
    /// </summary>
    private static async Task<bool> IsNewAsync(
        ModelStore store, string name, string folder, CatalogueEntry entry, CancellationToken cancellationToken)
    {
        var installed = store.Versions(name).Select(version => store.Find(name, version)).OfType<InstalledModel>().ToArray();
        if (installed.Length == 0)
        {
            return true;
        }

        if (installed[0].Manifest is not { Source.File: { } file, Description: { } description }
            || file != entry.File || description != entry.Description)
        {
            return false;
        }

        var shipped = await ModelStore.DescribeAsync(Path.Combine(folder, entry.File), cancellationToken);
        return Array.TrueForAll(installed, model => model.Manifest.Source.Sha256 != shipped.Sha256);
    }

    private static async Task<CatalogueEntry> ReadAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            await using var stream = File.OpenRead(path);
            var entry = await JsonSerializer.DeserializeAsync(stream, CatalogueJson.Default.CatalogueEntry, cancellationToken);
            return entry is { } found && Path.GetFileName(found.File) == found.File
                ? found
                : throw new ModelImportException($"'{path}' names no plain file.");
        }
        catch (JsonException exception)
        {
            throw new ModelImportException($"'{path}' is not a catalogue entry: {exception.Message}", exception);
        }
    }
}

/// <summary>How a model of the catalogue is imported: its <c>import.json</c>.</summary>
/// <param name="File">Name of the file beside it.</param>
/// <param name="Completions">One of <see cref="ModelCompletions"/>, or null: as the import finds best.</param>
internal sealed record CatalogueEntry(string File, string? Licence, string? Description, int? DefaultMaxOutput, string? Completions = null);

/// <summary>JSON of catalogue entries.</summary>
[JsonSerializable(typeof(CatalogueEntry))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true)]
internal sealed partial class CatalogueJson : JsonSerializerContext;
