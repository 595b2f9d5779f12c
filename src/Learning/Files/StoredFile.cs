using Npgsql;
using Tollgate.Learning.Contents;

namespace Tollgate.Learning.Files;

/// <summary>What a client says of a file that it sends.</summary>
/// <param name="Name">Last segment of the client's path; a text, never a path.</param>
/// <param name="ExpiresAfterSeconds">Null when the client names no end.</param>
internal sealed record FileDescription(string Name, string MediaType, string Purpose, long? ExpiresAfterSeconds);

/// <summary>A file that is not deleted.</summary>
/// <param name="Details">What makes it useless for its purpose; null when nothing does.</param>
internal sealed record StoredFile(
    Guid Id, string Name, string MediaType, string Purpose, long Bytes, string? Details, DateTimeOffset CreatedAt,
    DateTimeOffset? ExpiresAt, Guid Blob, byte[] WrappedKey)
{
    public const string Prefix = "file-";

    /// <summary>Columns in the order of <see cref="Read"/>.</summary>
    public const string Columns = "id, name, media_type, purpose, bytes, status_details, created_at, expires_at, blob_id, wrapped_key";

    public string PublicId => $"{Prefix}{Id:N}";

    public string Status => Details is null ? "processed" : "error";

    public static StoredFile Read(NpgsqlDataReader row) => new(
        row.GetGuid(0), row.GetString(1), row.GetString(2), row.GetString(3), row.GetInt64(4), row.IsDBNull(5) ? null : row.GetString(5),
        row.GetFieldValue<DateTimeOffset>(6), row.IsDBNull(7) ? null : row.GetFieldValue<DateTimeOffset>(7), row.GetGuid(8),
        row.GetFieldValue<byte[]>(9));

    /// <summary>A file out of what was received.</summary>
    public static StoredFile Of(
        Guid id, FileDescription description, SealedContent content, string? details, DateTimeOffset createdAt,
        DateTimeOffset? expiresAt) =>
        new(
            id, description.Name, description.MediaType, description.Purpose, content.Bytes, details, createdAt, expiresAt, content.Blob,
            content.WrappedKey);
}
