using System.Text.Json;
using System.Text.Json.Serialization;
using Tollgate.Inference.Models;
using Tollgate.Inference.Tasks;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.Inference.Import;

/// <summary>The models that ship with the product: source files, imported like a user's.</summary>
public static class DefaultCatalogue
{
    private static readonly TimeSpan TurnInterval = TimeSpan.FromMilliseconds(200);

    /// <summary>Names of the models, in order.</summary>
    /// <param name="defaultsFolder">One folder a model, with its files and its <c>import.json</c>.</param>
    public static IReadOnlyList<string> Names(string defaultsFolder) => !Directory.Exists(defaultsFolder) ? [] :
    [
        .. Directory.EnumerateDirectories(defaultsFolder)
            .Where(folder => File.Exists(Path.Combine(folder, ModelFolder.CatalogueFile)))
            .Select(folder => Path.GetFileName(folder)).Order(StringComparer.Ordinal),
    ];

    /// <summary>Imports the models that the repository lacks, or holds as an earlier release shipped them. While another process does so
    /// in the same repository, waits and then finds them installed.</summary>
    /// <param name="defaultsFolder">One folder a model, with its files and its <c>import.json</c>.</param>
    /// <returns>The models that this call installed; a second call installs none.</returns>
    /// <exception cref="ModelImportException">A model cannot be imported.</exception>
    internal static async Task<IReadOnlyList<InstalledModel>> InstallAsync(
        ModelStore store, string defaultsFolder, ModelImportOptions options, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(defaultsFolder))
        {
            throw new ModelImportException($"There is no folder of default models '{defaultsFolder}'.");
        }

        var installed = new List<InstalledModel>();
        if ((await NewModelsAsync(store, defaultsFolder, cancellationToken)).Count == 0)
        {
            return installed; // Without a lock: the repository of a worker that installs nothing may be read-only.
        }

        using var turn = await TakeTurnAsync(store, options.Clock, cancellationToken);
        foreach (var (name, folder, entry) in await NewModelsAsync(store, defaultsFolder, cancellationToken))
        {
            installed.Add(await ModelImport.RunAsync(
                entry.PathIn(folder),
                name,
                store.Root,
                options with
                {
                    Licence = entry.Licence,
                    Description = entry.Description,
                    DefaultMaxOutput = entry.DefaultMaxOutput,
                    Completions = entry.Completions,
                    Steps = entry.Steps,
                    Guidance = entry.Guidance,
                    PromptCheck = entry.PromptCheck,
                    PictureCheck = entry.PictureCheck,
                    TokenizerFile = null,
                },
                progress: null,
                cancellationToken));
        }

        return installed;
    }

    /// <summary>Waits until no other process installs default models into the repository; disposal ends the turn.</summary>
    private static async Task<FileStream> TakeTurnAsync(ModelStore store, TimeProvider clock, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(store.Root);
        while (true)
        {
            if (FileLock.TryTake(Path.Combine(store.Root, ".defaults")) is { } turn)
            {
                return turn;
            }

            await Task.Delay(TurnInterval, clock, cancellationToken);
        }
    }

    /// <summary>Models to install: name, folder with the source files, recipe.</summary>
    private static async Task<IReadOnlyList<(string Name, string Folder, CatalogueEntry Entry)>> NewModelsAsync(
        ModelStore store, string defaultsFolder, CancellationToken cancellationToken)
    {
        var found = new List<(string Name, string Folder, CatalogueEntry Entry)>();
        foreach (var name in Names(defaultsFolder))
        {
            var folder = Path.Combine(defaultsFolder, name);
            var entry = await ReadAsync(Path.Combine(folder, ModelFolder.CatalogueFile), cancellationToken);
            if (await IsNewAsync(store, name, folder, entry, cancellationToken))
            {
                found.Add((name, folder, entry));
            }
        }

        return found;
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
            || file != ModelFolder.NameOf(entry.PathIn(folder)) || description != entry.Description)
        {
            return false;
        }

        var shipped = entry.File is null
            ? await ModelFolder.HashAsync(folder, cancellationToken)
            : (await ModelStore.DescribeAsync(entry.PathIn(folder), cancellationToken)).Sha256;
        return Array.TrueForAll(installed, model => model.Manifest.Source.Sha256 != shipped);
    }

    private static async Task<CatalogueEntry> ReadAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            await using var stream = File.OpenRead(path);
            var entry = await JsonSerializer.DeserializeAsync(stream, CatalogueJson.Default.CatalogueEntry, cancellationToken);
            return entry is { } found && (found.File is null || Path.GetFileName(found.File) == found.File)
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
/// <param name="File">Name of the file beside it; null where the folder itself is the model.</param>
/// <param name="Completions">One of <see cref="ModelCompletions"/>, or null: as the import finds best.</param>
internal sealed record CatalogueEntry(
    string? File, string? Licence, string? Description, int? DefaultMaxOutput, string? Completions = null)
{
    /// <summary>Of a model that draws, see <see cref="ModelImportOptions.Steps"/>.</summary>
    public int? Steps { get; init; }

    /// <summary>Of a model that draws, see <see cref="ModelImportOptions.Guidance"/>.</summary>
    public double? Guidance { get; init; }

    /// <summary>Of a model that draws, see <see cref="ModelImportOptions.PromptCheck"/>.</summary>
    public ContentCheck? PromptCheck { get; init; }

    /// <summary>Of a model that draws, see <see cref="ModelImportOptions.PictureCheck"/>.</summary>
    public ContentCheck? PictureCheck { get; init; }

    /// <summary>What is imported.</summary>
    /// <param name="folder">The folder of the entry.</param>
    public string PathIn(string folder) => File is null ? folder : Path.Combine(folder, File);
}

/// <summary>JSON of catalogue entries.</summary>
[JsonSerializable(typeof(CatalogueEntry))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true)]
internal sealed partial class CatalogueJson : JsonSerializerContext;
