using System.Text.Json.Serialization;

namespace Tollgate.Accounts.Batches;

/// <summary>A batch as Learning's wire has it. Times are Unix seconds.</summary>
/// <param name="CostUsd">Decimal text; null until all usage of an ended batch is booked.</param>
public sealed record BatchEntry(
    string Id, string Endpoint, string? Model, BatchFaults? Errors, string InputFileId, string Status, string? OutputFileId,
    string? ErrorFileId, long CreatedAt, long ExpiresAt, BatchCounts RequestCounts, BatchTokens Usage, string? CostUsd)
{
    public long? InProgressAt { get; init; }

    public long? CompletedAt { get; init; }

    public long? FailedAt { get; init; }

    public long? ExpiredAt { get; init; }

    public long? CancelledAt { get; init; }

    /// <summary>Whether nothing of it runs any more.</summary>
    public bool HasEnded => Status is "completed" or "failed" or "expired" or "cancelled";

    /// <summary>Whether it can still be cancelled.</summary>
    public bool MayCancel => Status is "validating" or "in_progress" or "finalizing";

    public long? EndedAt => CompletedAt ?? FailedAt ?? ExpiredAt ?? CancelledAt;
}

/// <summary>Why a batch failed before its lines ran.</summary>
public sealed record BatchFaults(IReadOnlyList<BatchFault> Data);

/// <param name="Line">Of the input file, from 1; null for a fault of the whole.</param>
public sealed record BatchFault(string Code, string Message, long? Line);

/// <param name="Total">0 until the file is read.</param>
public sealed record BatchCounts(int Total, int Completed, int Failed);

/// <summary>Tokens of its answers.</summary>
public sealed record BatchTokens(long InputTokens, BatchInput InputTokensDetails, long OutputTokens);

/// <summary>Of the input tokens.</summary>
public sealed record BatchInput(long CachedTokens);

/// <summary>A page of batches.</summary>
public sealed record BatchPageEntry(IReadOnlyList<BatchEntry> Data, bool HasMore);

/// <summary>Body of <c>POST /v1/batches</c>.</summary>
public sealed record NewBatch(string InputFileId, string Endpoint, string CompletionWindow);

/// <summary>Reads and writes Learning's objects of batches.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(BatchEntry))]
[JsonSerializable(typeof(BatchPageEntry))]
[JsonSerializable(typeof(NewBatch))]
internal sealed partial class BatchWire : JsonSerializerContext;
