using System.Globalization;
using System.Text.Json.Serialization;

namespace Tollgate.Accounts.Learning;

/// <summary>Lists and finds files of the member's project.</summary>
internal sealed class ProjectFiles(LearningClient learning)
{
    public const string Path = "/v1/files";

    /// <summary>Files on one page of the list.</summary>
    public const int PageSize = 50;

    /// <summary>Files that a form offers.</summary>
    private const int MostOffered = 200;

    /// <summary>Reads a page of the list, newest first.</summary>
    /// <param name="after">The last file of the previous page; null for the first page.</param>
    public Task<LearningAnswer<FilePageEntry>> ListAsync(string? after, CancellationToken cancellationToken) => learning.GetAsync(
        string.Create(CultureInfo.InvariantCulture, $"{Path}?limit={PageSize}{(LearningIds.IsFile(after) ? $"&after={after}" : "")}"),
        FileWire.Default.FilePageEntry, cancellationToken);

    /// <summary>Lists the newest files of a purpose that have no fault.</summary>
    public async Task<LearningAnswer<FilePageEntry>> ListUsableAsync(string purpose, CancellationToken cancellationToken)
    {
        var answer = await learning.GetAsync(
            string.Create(CultureInfo.InvariantCulture, $"{Path}?limit={MostOffered}&purpose={Uri.EscapeDataString(purpose)}"),
            FileWire.Default.FilePageEntry, cancellationToken);
        return answer.Value is { } page
            ? answer with { Value = page with { Data = [.. page.Data.Where(file => file.Status != FileEntry.Faulty)] } }
            : answer;
    }

    /// <summary>Finds a file; missing for an id of another form.</summary>
    public async Task<LearningAnswer<FileEntry>> FindAsync(string? id, CancellationToken cancellationToken) => LearningIds.IsFile(id)
        ? await learning.GetAsync($"{Path}/{id}", FileWire.Default.FileEntry, cancellationToken)
        : new LearningAnswer<FileEntry>(null, new LearningRefusal(StatusCodes.Status404NotFound, null, null, "There is no such file."));
}

/// <summary>A file as Learning's wire has it.</summary>
/// <param name="CreatedAt">Unix seconds, as <paramref name="ExpiresAt"/>.</param>
/// <param name="Status"><c>processed</c>, or <see cref="Faulty"/>.</param>
/// <param name="StatusDetails">The first faults, in words.</param>
public sealed record FileEntry(
    string Id, long Bytes, long CreatedAt, long? ExpiresAt, string Filename, string Purpose, string Status, string? StatusDetails)
{
    public const string Faulty = "error";
}

/// <summary>A page of files.</summary>
public sealed record FilePageEntry(IReadOnlyList<FileEntry> Data, bool HasMore);

/// <summary>What stays of a deleted file.</summary>
/// <param name="DeletedBy"><c>key_</c> and the key's id; null when a member deleted it here, and when its time was over.</param>
/// <param name="DeletedWhy"><c>request</c> or <c>expiry</c>.</param>
public sealed record ReceiptEntry(
    string Id, string Purpose, long Bytes, string Sha256, long CreatedAt, long DeletedAt, string? DeletedBy, string DeletedWhy,
    bool ContentRemoved, ReceiptSignature Signature);

/// <summary>The installation's signature of a receipt.</summary>
public sealed record ReceiptSignature(string Algorithm, string Key, string Text, string Value);

/// <summary>The answer to a deletion.</summary>
public sealed record DeletedEntry(string Id, bool Deleted);

/// <summary>Reads Learning's objects of files.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(FileEntry))]
[JsonSerializable(typeof(FilePageEntry))]
[JsonSerializable(typeof(ReceiptEntry))]
[JsonSerializable(typeof(DeletedEntry))]
internal sealed partial class FileWire : JsonSerializerContext;
