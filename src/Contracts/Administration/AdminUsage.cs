using System.ComponentModel;
using System.Text.Json.Serialization;

namespace Tollgate.Contracts.Administration;

/// <summary>Buckets of usage or costs.</summary>
public sealed record AdminBuckets<T>(
    [property: JsonPropertyName("object"), Description("Always page.")] string Object,
    [property: JsonPropertyName("data")] IReadOnlyList<AdminBucket<T>> Data,
    [property: JsonPropertyName("has_more")] bool HasMore,
    [property: JsonPropertyName("next_page"), Description("What page takes for the next buckets.")] string? NextPage);

/// <summary>What was used in a time. The buckets are aligned to UTC; the first and the last one are cut to the range that was asked for.
/// </summary>
public sealed record AdminBucket<T>(
    [property: JsonPropertyName("object"), Description("Always bucket.")] string Object,
    [property: JsonPropertyName("start_time"), Description("First second.")] long StartTime,
    [property: JsonPropertyName("end_time"), Description("First second after it.")] long EndTime,
    [property: JsonPropertyName("results"), Description("One, or one for each group. Empty where nothing was used.")]
    IReadOnlyList<T> Results);

/// <summary>What every result has. A member is null unless the report groups by it.</summary>
public abstract record AdminUsageResult
{
    [JsonPropertyName("object"), Description("The kind of the report, with .result behind it.")]
    public required string Object { get; init; }

    [JsonPropertyName("num_model_requests"), Description("Requests that were billed.")]
    public required long NumModelRequests { get; init; }

    [JsonPropertyName("project_id")]
    public required string? ProjectId { get; init; }

    [JsonPropertyName("user_id"), Description("The owner of the key; null for keys of service accounts too.")]
    public required string? UserId { get; init; }

    [JsonPropertyName("api_key_id")]
    public required string? ApiKeyId { get; init; }

    [JsonPropertyName("model")]
    public required string? Model { get; init; }
}

/// <summary>Usage of chats, messages, completions and responses.</summary>
public sealed record AdminCompletionsResult : AdminUsageResult
{
    [JsonPropertyName("input_tokens"), Description("Cached ones too.")]
    public required long InputTokens { get; init; }

    [JsonPropertyName("input_cached_tokens")]
    public required long InputCachedTokens { get; init; }

    [JsonPropertyName("input_uncached_tokens")]
    public required long InputUncachedTokens { get; init; }

    [JsonPropertyName("output_tokens")]
    public required long OutputTokens { get; init; }

    [JsonPropertyName("input_audio_tokens"), Description("Always 0.")]
    public long InputAudioTokens { get; init; }

    [JsonPropertyName("output_audio_tokens"), Description("Always 0.")]
    public long OutputAudioTokens { get; init; }

    [JsonPropertyName("batch")]
    public required bool? Batch { get; init; }

    [JsonPropertyName("service_tier"), Description("default or batch.")]
    public required string? ServiceTier { get; init; }

    [JsonPropertyName("api_source"), Description("unlabeled where the report groups by it.")]
    public required string? ApiSource { get; init; }
}

/// <summary>Usage of embeddings and of rerank, or of moderations.</summary>
public sealed record AdminInputResult : AdminUsageResult
{
    [JsonPropertyName("input_tokens")]
    public required long InputTokens { get; init; }
}

/// <summary>Usage of drawn pictures.</summary>
public sealed record AdminImagesResult : AdminUsageResult
{
    [JsonPropertyName("images")]
    public required long Images { get; init; }

    [JsonPropertyName("size"), Description("Always null: sizes are not recorded.")]
    public string? Size { get; init; }

    [JsonPropertyName("source"), Description("image.generation where the report groups by it.")]
    public required string? Source { get; init; }
}

/// <summary>Usage of transcriptions and translations of speech.</summary>
public sealed record AdminTranscriptionsResult : AdminUsageResult
{
    [JsonPropertyName("seconds")]
    public required long Seconds { get; init; }
}

/// <summary>What was billed.</summary>
public sealed record AdminCostsResult(
    [property: JsonPropertyName("object"), Description("Always organization.costs.result.")] string Object,
    [property: JsonPropertyName("amount")] AdminAmount Amount,
    [property: JsonPropertyName("line_item"), Description("Model and endpoint, such as tiny-assistant, chat.completions.")]
    string? LineItem,
    [property: JsonPropertyName("project_id")] string? ProjectId,
    [property: JsonPropertyName("user_id"), Description("The owner of the key; null for keys of service accounts too.")] string? UserId,
    [property: JsonPropertyName("api_key_id")] string? ApiKeyId,
    [property: JsonPropertyName("api_source"), Description("unlabeled where the report groups by it.")] string? ApiSource)
{
    [JsonPropertyName("quantity"), Description("Always null: a line item has several units.")]
    public decimal? Quantity { get; init; }

    [JsonPropertyName("quantity_unit"), Description("Always null.")]
    public string? QuantityUnit { get; init; }
}

/// <summary>An amount of money.</summary>
public sealed record AdminAmount(
    [property: JsonPropertyName("value"), Description("US dollars, exact to 12 decimals: the sum of what was booked.")] decimal Value,
    [property: JsonPropertyName("currency"), Description("Always usd.")] string Currency);
