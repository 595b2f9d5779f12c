using System.ComponentModel;
using System.Text.Json.Serialization;
using Microsoft.OpenApi;
using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.OpenApi;

namespace Tollgate.Gateway.Endpoints;

/// <summary>Body of <c>POST /v1/batches</c>. A member with the value null counts as absent.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record BatchRequestBody(
    [property: JsonPropertyName("input_file_id"), Description("A file of purpose batch, with one request a line, at most 50,000.")]
    string InputFileId,
    [property: JsonPropertyName("endpoint"), Description("The url of every line."),
        OneOfTexts(
            "/v1/chat/completions", "/v1/messages", "/v1/completions", "/v1/responses", "/v1/embeddings", "/v1/rerank",
            "/v1/classifications", "/v1/predict",
            "/v1/moderations", "/v1/images/classifications", "/v1/images/detections", "/v1/images/ocr", "/v1/images/generations")]
    string Endpoint,
    [property: JsonPropertyName("completion_window"), OneOfTexts(BatchRequest.Window)] string CompletionWindow)
{
    [JsonPropertyName("metadata"), Description("At most 16 pairs, names up to 64 characters, texts up to 512. Kept with the batch.")]
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }

    [JsonPropertyName("output_expires_after"), Description("When output and error file are deleted, counted from their creation.")]
    public FileExpiryBody? OutputExpiresAfter { get; init; }
}

/// <summary>A batch.</summary>
public sealed record BatchObjectBody(
    [property: JsonPropertyName("id")] string Id,
    [property: JsonPropertyName("object"), OneOfTexts("batch")] string Object,
    [property: JsonPropertyName("endpoint")] string Endpoint,
    [property: JsonPropertyName("model"), Description("The model of all lines; null where they name several.")] string? Model,
    [property: JsonPropertyName("errors"), Description("Why it failed before its lines ran.")] BatchErrorsBody? Errors,
    [property: JsonPropertyName("input_file_id")] string InputFileId,
    [property: JsonPropertyName("completion_window")] string CompletionWindow,
    [property: JsonPropertyName("status"),
        OneOfTexts("validating", "failed", "in_progress", "finalizing", "completed", "expired", "cancelling", "cancelled")]
    string Status,
    [property: JsonPropertyName("output_file_id"), Description("Answers, a line each; null until the end, and where no line was answered.")]
    string? OutputFileId,
    [property: JsonPropertyName("error_file_id"), Description("Lines that failed; null until the end, and where none did.")]
    string? ErrorFileId)
{
    [JsonPropertyName("created_at"), Description("Unix seconds, as all times.")]
    public required long CreatedAt { get; init; }

    [JsonPropertyName("in_progress_at")]
    public required long? InProgressAt { get; init; }

    [JsonPropertyName("expires_at"), Description("24 hours after its creation.")]
    public required long ExpiresAt { get; init; }

    [JsonPropertyName("finalizing_at")]
    public required long? FinalizingAt { get; init; }

    [JsonPropertyName("completed_at")]
    public required long? CompletedAt { get; init; }

    [JsonPropertyName("failed_at")]
    public required long? FailedAt { get; init; }

    [JsonPropertyName("expired_at")]
    public required long? ExpiredAt { get; init; }

    [JsonPropertyName("cancelling_at")]
    public required long? CancellingAt { get; init; }

    [JsonPropertyName("cancelled_at")]
    public required long? CancelledAt { get; init; }

    [JsonPropertyName("request_counts"), Description("completed and failed never exceed total, and equal it at the end.")]
    public required BatchCountsBody RequestCounts { get; init; }

    [JsonPropertyName("usage"), Description("Sums over the answers.")]
    public required BatchUsageBody Usage { get; init; }

    [JsonPropertyName("cost_usd"),
        Description("Dollars, the sum of the batch's usage rows; null until the batch has ended and all of them are booked.")]
    public required string? CostUsd { get; init; }

    [JsonPropertyName("metadata")]
    public required IReadOnlyDictionary<string, string>? Metadata { get; init; }
}

/// <summary>Faults of an input file.</summary>
public sealed record BatchErrorsBody(
    [property: JsonPropertyName("object"), OneOfTexts("list")] string Object,
    [property: JsonPropertyName("data")] IReadOnlyList<BatchErrorBody> Data);

/// <summary>A fault of an input file.</summary>
public sealed record BatchErrorBody(
    [property: JsonPropertyName("code")] string Code,
    [property: JsonPropertyName("message")] string Message,
    [property: JsonPropertyName("param")] string? Param,
    [property: JsonPropertyName("line"), Description("From 1; null for a fault of the whole file.")] long? Line);

/// <summary>Lines of a batch.</summary>
public sealed record BatchCountsBody(
    [property: JsonPropertyName("total"), Description("Lines of the file; 0 until it is validated.")] int Total,
    [property: JsonPropertyName("completed")] int Completed,
    [property: JsonPropertyName("failed")] int Failed);

/// <summary>Tokens of a batch.</summary>
public sealed record BatchUsageBody(
    [property: JsonPropertyName("input_tokens")] long InputTokens,
    [property: JsonPropertyName("input_tokens_details")] BatchInputDetailsBody InputTokensDetails,
    [property: JsonPropertyName("output_tokens")] long OutputTokens,
    [property: JsonPropertyName("output_tokens_details")] BatchOutputDetailsBody OutputTokensDetails,
    [property: JsonPropertyName("total_tokens")] long TotalTokens);

/// <summary>Of the input tokens.</summary>
public sealed record BatchInputDetailsBody([property: JsonPropertyName("cached_tokens")] long CachedTokens);

/// <summary>Of the output tokens.</summary>
public sealed record BatchOutputDetailsBody([property: JsonPropertyName("reasoning_tokens")] long ReasoningTokens);

/// <summary>Answer of <c>GET /v1/batches</c>.</summary>
public sealed record BatchListBody(
    [property: JsonPropertyName("object"), OneOfTexts("list")] string Object,
    [property: JsonPropertyName("data")] IReadOnlyList<BatchObjectBody> Data,
    [property: JsonPropertyName("first_id")] string? FirstId,
    [property: JsonPropertyName("last_id"), Description("What after takes for the next page.")] string? LastId,
    [property: JsonPropertyName("has_more")] bool HasMore);

/// <summary>Examples of the endpoint's bodies.</summary>
internal static class BatchExamples
{
    public static readonly BodyExample Request = new(
        "batch",
        """
        {"input_file_id":"file-0195aaaa00007000800000000000000f","endpoint":"/v1/chat/completions","completion_window":"24h",
        "metadata":{"run":"nightly"}}
        """);

    public static readonly BodyExample Batch = new(
        "batch",
        """
        {"id":"batch_0195aaaa00007000800000000000000e","object":"batch","endpoint":"/v1/chat/completions","model":"tiny-assistant",
        "errors":null,"input_file_id":"file-0195aaaa00007000800000000000000f","completion_window":"24h","status":"completed",
        "output_file_id":"file-0195aaaa00007000800000000000001f","error_file_id":null,"created_at":1790000000,
        "in_progress_at":1790000001,"expires_at":1790086400,"finalizing_at":1790000090,"completed_at":1790000091,"failed_at":null,
        "expired_at":null,"cancelling_at":null,"cancelled_at":null,"request_counts":{"total":200,"completed":200,"failed":0},
        "usage":{"input_tokens":2400,"input_tokens_details":{"cached_tokens":0},"output_tokens":1600,
        "output_tokens_details":{"reasoning_tokens":0},"total_tokens":4000},"cost_usd":"0.00044","metadata":{"run":"nightly"}}
        """);

    public static readonly BodyExample List = new(
        "batches",
        $$"""
        {"object":"list","data":[{{Batch.Json}}],"first_id":"batch_0195aaaa00007000800000000000000e",
        "last_id":"batch_0195aaaa00007000800000000000000e","has_more":false}
        """);

    /// <summary>Query of <c>GET /v1/batches</c>.</summary>
    public static readonly IReadOnlyList<OpenApiParameter> ListParameters =
    [
        Parameter("after", "The list continues behind the batch of this id.", new OpenApiSchema { Type = JsonSchemaType.String }),
        Parameter(
            "limit", "Most batches. Default 20.", new OpenApiSchema { Type = JsonSchemaType.Integer, Minimum = "1", Maximum = "100" }),
    ];

    private static OpenApiParameter Parameter(string name, string description, OpenApiSchema schema) =>
        new() { Name = name, In = ParameterLocation.Query, Description = description, Schema = schema };
}
