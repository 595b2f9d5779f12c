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
            if (!File.Exists(recipe) || store.Versions(name).Count > 0)
            {
                continue;
            }

            var entry = await ReadAsync(recipe, cancellationToken);
            installed.Add(await ModelImport.RunAsync(
                Path.Combine(folder, entry.File),
                name,
                store.Root,
                options with
                {
                    Licence = entry.Licence,
                    Description = entry.Description,
                    DefaultMaxOutput = entry.DefaultMaxOutput,
                    TokenizerFile = null,
                },
                progress: null,
                cancellationToken));
        }

        return installed;
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
internal sealed record CatalogueEntry(string File, string? Licence, string? Description, int? DefaultMaxOutput);

/// <summary>JSON of catalogue entries.</summary>
[JsonSerializable(typeof(CatalogueEntry))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true)]
internal sealed partial class CatalogueJson : JsonSerializerContext;
