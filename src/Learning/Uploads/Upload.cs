using System.Text.Json.Serialization;
using Npgsql;
using Tollgate.Learning.Files;

namespace Tollgate.Learning.Uploads;

/// <summary>A file that comes in parts.</summary>
/// <param name="Status"><c>pending</c>, <c>completed</c>, <c>cancelled</c> or <c>expired</c>.</param>
/// <param name="FileId">The file of a completed one.</param>
internal sealed record Upload(
    Guid Id, string Name, string MediaType, string Purpose, long Bytes, long? ExpiresAfterSeconds, string Status, DateTimeOffset CreatedAt,
    DateTimeOffset ExpiresAt, Guid? FileId)
{
    public const string Prefix = "upload_";
    public const string Pending = "pending";
    public const string Completed = "completed";
    public const string Cancelled = "cancelled";
    public const string Expired = "expired";

    /// <summary>Columns in the order of <see cref="Read"/>.</summary>
    public const string Columns = "id, name, media_type, purpose, bytes, expires_after_seconds, status, created_at, expires_at, file_id";

    public string PublicId => $"{Prefix}{Id:N}";

    /// <summary>The status that it has at an instant: one whose time is over is expired before housekeeping comes by.</summary>
    public Upload At(DateTimeOffset now) => Status == Pending && ExpiresAt <= now ? this with { Status = Expired } : this;

    public static Upload Read(NpgsqlDataReader row) => new(
        row.GetGuid(0), row.GetString(1), row.GetString(2), row.GetString(3), row.GetInt64(4), row.IsDBNull(5) ? null : row.GetInt64(5),
        row.GetString(6), row.GetFieldValue<DateTimeOffset>(7), row.GetFieldValue<DateTimeOffset>(8),
        row.IsDBNull(9) ? null : row.GetGuid(9));
}

/// <summary>A part that is stored.</summary>
internal sealed record UploadPart(Guid Id, long Bytes, DateTimeOffset CreatedAt, Guid Blob, byte[] WrappedKey)
{
    public const string Prefix = "part_";

    /// <summary>Columns in the order of <see cref="Read"/>.</summary>
    public const string Columns = "id, bytes, created_at, blob_id, wrapped_key";

    public static UploadPart Read(NpgsqlDataReader row) => new(
        row.GetGuid(0), row.GetInt64(1), row.GetFieldValue<DateTimeOffset>(2), row.GetGuid(3), row.GetFieldValue<byte[]>(4));
}

/// <summary>OpenAI's upload object, with the parts that have come.</summary>
internal sealed record UploadObject(
    string Id, string Object, long Bytes, long BytesReceived, long CreatedAt, long ExpiresAt, string Filename, string Purpose,
    string Status, IReadOnlyList<UploadPartObject> Parts, FileObject? File)
{
    public static UploadObject Of(Upload upload, IReadOnlyList<UploadPart> parts, StoredFile? file) => new(
        upload.PublicId, "upload", upload.Bytes, parts.Sum(part => part.Bytes), upload.CreatedAt.ToUnixTimeSeconds(),
        upload.ExpiresAt.ToUnixTimeSeconds(), upload.Name, upload.Purpose, upload.Status,
        [.. parts.Select(part => UploadPartObject.Of(upload, part))], file is null ? null : FileObject.Of(file));
}

/// <summary>OpenAI's part object.</summary>
internal sealed record UploadPartObject(string Id, string Object, string UploadId, long Bytes, long CreatedAt)
{
    public static UploadPartObject Of(Upload upload, UploadPart part) => new(
        $"{UploadPart.Prefix}{part.Id:N}", "upload.part", upload.PublicId, part.Bytes, part.CreatedAt.ToUnixTimeSeconds());
}

/// <summary>Serializes the objects above with OpenAI's names.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(UploadObject))]
[JsonSerializable(typeof(UploadPartObject))]
internal sealed partial class UploadJson : JsonSerializerContext;
