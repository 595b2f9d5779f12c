using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Tollgate.Contracts.OpenAi;
using Tollgate.Learning.Callers;
using Tollgate.Learning.Files;

namespace Tollgate.Learning.Batches;

/// <summary>OpenAI's batch object, with <see cref="CostUsd"/> as a member of ours.</summary>
internal sealed record BatchObject(
    string Id, string Object, string Endpoint, string? Model, BatchErrorList? Errors, string InputFileId, string CompletionWindow,
    string Status, string? OutputFileId, string? ErrorFileId)
{
    public required long CreatedAt { get; init; }

    public required long? InProgressAt { get; init; }

    public required long ExpiresAt { get; init; }

    public required long? FinalizingAt { get; init; }

    public required long? CompletedAt { get; init; }

    public required long? FailedAt { get; init; }

    public required long? ExpiredAt { get; init; }

    public required long? CancellingAt { get; init; }

    public required long? CancelledAt { get; init; }

    public required BatchRequestCounts RequestCounts { get; init; }

    public required BatchUsage Usage { get; init; }

    /// <summary>Dollars as a decimal text; null until all usage rows of an ended batch are booked.</summary>
    public required string? CostUsd { get; init; }

    public required JsonElement? Metadata { get; init; }

    public static BatchObject Of(Batch batch) => new(
        batch.PublicId, "batch", batch.Endpoint, batch.Model,
        batch.Errors is { } errors
            ? new BatchErrorList("list", JsonSerializer.Deserialize(errors, BatchJson.Default.IReadOnlyListBatchError)!) : null,
        $"{StoredFile.Prefix}{batch.InputFile:N}", BatchRequest.Window, batch.Status, FileId(batch.OutputFile), FileId(batch.ErrorFile))
    {
        CreatedAt = batch.CreatedAt.ToUnixTimeSeconds(),
        ExpiresAt = batch.ExpiresAt.ToUnixTimeSeconds(),
        InProgressAt = Seconds(batch.Times.InProgress),
        FinalizingAt = Seconds(batch.Times.Finalizing),
        CompletedAt = Seconds(batch.Times.Completed),
        FailedAt = Seconds(batch.Times.Failed),
        ExpiredAt = Seconds(batch.Times.Expired),
        CancellingAt = Seconds(batch.Times.Cancelling),
        CancelledAt = Seconds(batch.Times.Cancelled),
        RequestCounts = new BatchRequestCounts(batch.Counts.Total, batch.Counts.Completed, batch.Counts.Failed),
        Usage = new BatchUsage(
            batch.Usage.Input, new InputDetails(batch.Usage.Cached), batch.Usage.Output, new OutputDetails(batch.Usage.Reasoning),
            batch.Usage.Input + batch.Usage.Output),
        CostUsd = batch.Cost?.ToString("0.############", CultureInfo.InvariantCulture),
        Metadata = batch.Metadata is { } metadata ? JsonElement.Parse(metadata) : null,
    };

    private static string? FileId(Guid? id) => id is { } file ? $"{StoredFile.Prefix}{file:N}" : null;

    private static long? Seconds(DateTimeOffset? at) => at?.ToUnixTimeSeconds();
}

/// <summary>Why a batch failed before its lines ran.</summary>
internal sealed record BatchErrorList(string Object, IReadOnlyList<BatchError> Data);

/// <param name="Line">Of the input file, from 1; null for a fault of the whole.</param>
internal sealed record BatchError(string Code, string Message, string? Param, long? Line);

/// <summary>As <see cref="LineCounts"/>.</summary>
internal sealed record BatchRequestCounts(int Total, int Completed, int Failed);

/// <summary>As <see cref="LineUsage"/>.</summary>
internal sealed record BatchUsage(
    long InputTokens, InputDetails InputTokensDetails, long OutputTokens, OutputDetails OutputTokensDetails, long TotalTokens);

/// <summary>Of the input tokens.</summary>
internal sealed record InputDetails(long CachedTokens);

/// <summary>Of the output tokens.</summary>
internal sealed record OutputDetails(long ReasoningTokens);

/// <summary>Serializes the objects above with OpenAI's names.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(BatchObject))]
[JsonSerializable(typeof(ListPage<BatchObject>), TypeInfoPropertyName = "BatchList")]
[JsonSerializable(typeof(IReadOnlyList<BatchError>))]
internal sealed partial class BatchJson : JsonSerializerContext;
