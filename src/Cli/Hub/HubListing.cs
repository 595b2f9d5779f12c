using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Tollgate.Cli.Commands;
using Tollgate.Cli.Downloads;

namespace Tollgate.Cli.Hub;

/// <summary>What a revision of a model holds.</summary>
/// <param name="Commit">40 hex digits: what the revision stands for now.</param>
/// <param name="Licence">As the model's page states it; null where it states none.</param>
internal sealed partial record HubListing(string Commit, string? Licence, IReadOnlyList<HubFile> Files)
{
    private const int MostFiles = 10_000;

    /// <summary>Reads the answer of the API. Files in folders, and names that a file could not safely have, are left out.</summary>
    /// <exception cref="OperatorException">The answer has another form.</exception>
    public static HubListing Read(ReadOnlySpan<byte> json)
    {
        try
        {
            var model = JsonSerializer.Deserialize(json, HubJson.Default.HubModel);
            if (model?.Sha is null || !Hash().IsMatch(model.Sha) || model.Siblings is not { Count: <= MostFiles } siblings)
            {
                throw new OperatorException("The hub's answer names no commit, or no files of the model.");
            }

            var licence = model.CardData?.License is { ValueKind: JsonValueKind.String } stated ? stated.GetString() : null;
            return new HubListing(model.Sha, licence,
            [
                .. siblings.Where(file => file.Rfilename is { } name && FileName().IsMatch(name) && file.Size is >= 0)
                    .Select(file => new HubFile(file.Rfilename!, file.Size!.Value, Checked(file.Lfs?.Sha256), Checked(file.BlobId))),
            ]);
        }
        catch (JsonException exception)
        {
            throw new OperatorException($"The hub's answer cannot be read: {exception.Message}", exception);
        }
    }

    private static string? Checked(string? hash) => hash is null || Hash().IsMatch(hash)
        ? hash : throw new OperatorException("The hub's answer holds a hash that is none.");

    [GeneratedRegex(@"\A([0-9a-f]{40}|[0-9a-f]{64})\z", RegexOptions.CultureInvariant)]
    private static partial Regex Hash();

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._-]{0,199}\z", RegexOptions.CultureInvariant)]
    private static partial Regex FileName();
}

/// <summary>A file of a model.</summary>
/// <param name="Sha256">Of the contents; null for a file that Git itself keeps.</param>
/// <param name="BlobId">Git's hash of a file that Git itself keeps.</param>
internal sealed record HubFile(string Name, long Bytes, string? Sha256, string? BlobId)
{
    /// <exception cref="OperatorException">The hub states no hash of it.</exception>
    public RemoteFile ToRemote() => new(
        Name, Bytes,
        Sha256 is not null ? new FileDigest(FileDigest.Sha256, Sha256)
            : BlobId is not null ? new FileDigest(FileDigest.GitBlob, BlobId)
            : throw new OperatorException($"The hub states no hash of '{Name}'."));
}

/// <summary>The members of the API's answer that are read.</summary>
internal sealed record HubModel(string? Sha, HubCard? CardData, IReadOnlyList<HubSibling>? Siblings);

/// <param name="License">A text, or a list of them.</param>
internal sealed record HubCard(JsonElement? License);

internal sealed record HubSibling(string? Rfilename, long? Size, string? BlobId, HubPointer? Lfs);

internal sealed record HubPointer(string? Sha256);

/// <summary>JSON of the hub.</summary>
[JsonSerializable(typeof(HubModel))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
internal sealed partial class HubJson : JsonSerializerContext;
