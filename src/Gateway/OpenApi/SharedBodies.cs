using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;

namespace Tollgate.Gateway.OpenApi;

// Bodies in the API's document that several endpoints share; the others lie beside their endpoint. Requests are read by the
// parsers in Contracts, answers are written by workers; these records describe both. Tests compare them with the parsers and with answers.

/// <summary>Members of every request that generates text.</summary>
public abstract record GenerationBody
{
    [JsonPropertyName("stream"), Description("Answers as server-sent events that end with [DONE]. Default false.")]
    public bool? Stream { get; init; }

    [JsonPropertyName("stream_options"), Description("Only beside stream: true.")]
    public StreamOptions? StreamOptions { get; init; }

    [JsonPropertyName("n"), Range(1, 128), Description("Choices to generate. Default 1.")]
    public int? N { get; init; }

    [JsonPropertyName("temperature"), Range(0.0, 2.0), Description("0 takes the most likely token. Default 1.")]
    public double? Temperature { get; init; }

    [JsonPropertyName("top_p"), Range(0.0, 1.0), Description("Probability mass from which tokens are taken. Default 1.")]
    public double? TopP { get; init; }

    [JsonPropertyName("seed"), Description("Makes sampling repeatable.")]
    public long? Seed { get; init; }

    [JsonPropertyName("stop"), OneOf(typeof(string), typeof(IReadOnlyList<string>)),
        Description("A text, or at most four, before which generation ends.")]
    public object? Stop { get; init; }

    [JsonPropertyName("presence_penalty"), Range(-2.0, 2.0), Description("Makes tokens that occurred less likely. Default 0.")]
    public double? PresencePenalty { get; init; }

    [JsonPropertyName("frequency_penalty"), Range(-2.0, 2.0), Description("The same, for each time that they occurred. Default 0.")]
    public double? FrequencyPenalty { get; init; }

    [JsonPropertyName("logit_bias"), Description("Token id to bias, -100 to 100; at most 1024 of them.")]
    public IReadOnlyDictionary<string, double>? LogitBias { get; init; }

    [JsonPropertyName("user"), Description("Your own name of the end user. Accepted and ignored.")]
    public string? User { get; init; }
}

/// <summary>Options of a streamed answer.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record StreamOptions
{
    [JsonPropertyName("include_usage"), Description("Adds a chunk with the usage and without choices before [DONE]. Default false.")]
    public bool? IncludeUsage { get; init; }

    [JsonPropertyName("include_obfuscation"), Description("Accepted and ignored: chunks are never padded.")]
    public bool? IncludeObfuscation { get; init; }
}

/// <summary>Tokens that a request used. The request is billed by them.</summary>
public sealed record UsageObject(
    [property: JsonPropertyName("prompt_tokens")] int PromptTokens,
    [property: JsonPropertyName("completion_tokens"), Description("Tokens of all choices.")] int CompletionTokens,
    [property: JsonPropertyName("total_tokens")] int TotalTokens,
    [property: JsonPropertyName("prompt_tokens_details")] PromptTokensDetails PromptTokensDetails,
    [property: JsonPropertyName("completion_tokens_details")] CompletionTokensDetails CompletionTokensDetails);

/// <summary>Parts of the prompt's tokens.</summary>
public sealed record PromptTokensDetails(
    [property: JsonPropertyName("cached_tokens")] int CachedTokens,
    [property: JsonPropertyName("audio_tokens")] int AudioTokens);

/// <summary>Parts of the generated tokens.</summary>
public sealed record CompletionTokensDetails(
    [property: JsonPropertyName("reasoning_tokens")] int ReasoningTokens,
    [property: JsonPropertyName("audio_tokens")] int AudioTokens,
    [property: JsonPropertyName("accepted_prediction_tokens")] int AcceptedPredictionTokens,
    [property: JsonPropertyName("rejected_prediction_tokens")] int RejectedPredictionTokens);

/// <summary>An object with any members.</summary>
public sealed record FreeObject;

/// <summary>Body of every error, and of the last event of a stream that fails.</summary>
public sealed record ErrorBody([property: JsonPropertyName("error")] ErrorObject Error);

/// <summary>What went wrong and what to do.</summary>
public sealed record ErrorObject(
    [property: JsonPropertyName("message")] string Message,
    [property: JsonPropertyName("type"), Description("Kind of error, such as invalid_request_error.")] string Type,
    [property: JsonPropertyName("param"), Description("Member of the request at fault, such as messages[0].role.")] string? Param,
    [property: JsonPropertyName("code"), Description("Stable name of the error, such as model_not_found.")] string? Code);
