using Npgsql;
using Tollgate.Learning.Callers;

namespace Tollgate.Learning.Batches;

/// <summary>Words of <see cref="Batch.Status"/>, as on OpenAI's wire.</summary>
internal static class BatchStatus
{
    public const string Validating = "validating";
    public const string InProgress = "in_progress";
    public const string Finalizing = "finalizing";
    public const string Completed = "completed";
    public const string Failed = "failed";
    public const string Expired = "expired";
    public const string Cancelling = "cancelling";
    public const string Cancelled = "cancelled";

    /// <summary>Condition of SQL: the batch has not ended.</summary>
    public const string IsLive = "status in ('validating', 'in_progress', 'finalizing', 'cancelling')";
}

/// <summary>How many lines a batch has and how they ended. <c>Completed + Failed ≤ Total</c>, and equal when the batch has ended.</summary>
/// <param name="Total">0 until the file is validated.</param>
internal sealed record LineCounts(int Total, int Completed, int Failed);

/// <summary>Tokens of answers, as the answers count them.</summary>
/// <param name="Cached">Of <paramref name="Input"/>.</param>
/// <param name="Reasoning">Of <paramref name="Output"/>.</param>
internal readonly record struct LineUsage(long Input, long Cached, long Output, long Reasoning)
{
    public static LineUsage operator +(LineUsage left, LineUsage right) => new(
        left.Input + right.Input, left.Cached + right.Cached, left.Output + right.Output, left.Reasoning + right.Reasoning);
}

/// <summary>When a batch came into each status; null for a status that it did not have.</summary>
internal sealed record BatchTimes(
    DateTimeOffset? InProgress, DateTimeOffset? Finalizing, DateTimeOffset? Completed, DateTimeOffset? Failed, DateTimeOffset? Expired,
    DateTimeOffset? Cancelling, DateTimeOffset? Cancelled);

/// <summary>A file of requests that is run, and what became of it.</summary>
internal sealed record Batch
{
    public const string Prefix = "batch_";

    /// <summary>Columns in the order of <see cref="Read"/>.</summary>
    public const string Columns =
        "organization_id, project_id, id, key_id, key_public_id, input_file_id, endpoint, metadata, output_expires_after_seconds, status, "
        + "ending, errors, model, total, completed, failed, input_tokens, cached_tokens, output_tokens, reasoning_tokens, cost, "
        + "created_at, expires_at, in_progress_at, finalizing_at, completed_at, failed_at, expired_at, cancelling_at, cancelled_at, "
        + "output_file_id, error_file_id";

    /// <summary>Whose it is, and the key that its lines run with.</summary>
    public required FileCaller Caller { get; init; }

    public required Guid Id { get; init; }

    /// <summary>Names the key to the gateway.</summary>
    public required string KeyPublicId { get; init; }

    public required Guid InputFile { get; init; }

    /// <summary>One of <c>BatchUrls</c>; the url of every line.</summary>
    public required string Endpoint { get; init; }

    /// <summary>A JSON object of texts; null when the client gave none.</summary>
    public string? Metadata { get; init; }

    public long? OutputExpiresAfterSeconds { get; init; }

    public required string Status { get; init; }

    /// <summary>The status that it will end with, once that is settled.</summary>
    public string? Ending { get; init; }

    /// <summary>A JSON array of faults; null without one.</summary>
    public string? Errors { get; init; }

    /// <summary>The model of all lines; null where they name several.</summary>
    public string? Model { get; init; }

    public LineCounts Counts { get; init; } = new(0, 0, 0);

    public LineUsage Usage { get; init; }

    /// <summary>Dollars, the sum of its usage rows; null until all of them are booked.</summary>
    public decimal? Cost { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset ExpiresAt { get; init; }

    public BatchTimes Times { get; init; } = new(null, null, null, null, null, null, null);

    public Guid? OutputFile { get; init; }

    public Guid? ErrorFile { get; init; }

    public string PublicId => $"{Prefix}{Id:N}";

    public static Batch Read(NpgsqlDataReader row) => new()
    {
        Caller = new FileCaller(row.GetGuid(0), row.GetGuid(1), row.GetGuid(3)),
        Id = row.GetGuid(2),
        KeyPublicId = row.GetString(4),
        InputFile = row.GetGuid(5),
        Endpoint = row.GetString(6),
        Metadata = Text(row, 7),
        OutputExpiresAfterSeconds = row.IsDBNull(8) ? null : row.GetInt64(8),
        Status = row.GetString(9),
        Ending = Text(row, 10),
        Errors = Text(row, 11),
        Model = Text(row, 12),
        Counts = new LineCounts(row.GetInt32(13), row.GetInt32(14), row.GetInt32(15)),
        Usage = new LineUsage(row.GetInt64(16), row.GetInt64(17), row.GetInt64(18), row.GetInt64(19)),
        Cost = row.IsDBNull(20) ? null : row.GetDecimal(20),
        CreatedAt = row.GetFieldValue<DateTimeOffset>(21),
        ExpiresAt = row.GetFieldValue<DateTimeOffset>(22),
        Times = new BatchTimes(
            Time(row, 23), Time(row, 24), Time(row, 25), Time(row, 26), Time(row, 27), Time(row, 28), Time(row, 29)),
        OutputFile = row.IsDBNull(30) ? null : row.GetGuid(30),
        ErrorFile = row.IsDBNull(31) ? null : row.GetGuid(31),
    };

    private static string? Text(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    private static DateTimeOffset? Time(NpgsqlDataReader row, int column) =>
        row.IsDBNull(column) ? null : row.GetFieldValue<DateTimeOffset>(column);
}
