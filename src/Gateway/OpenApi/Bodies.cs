using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tollgate.Gateway.OpenApi;

// What the API's document says of bodies. Requests are read by the parser in Contracts,
// answers are written by workers; these records describe both.

/// <summary>Body of <c>POST /v1/chat/completions</c>.</summary>
public sealed record ChatCompletionRequest(
    [property: JsonPropertyName("model"), Description("A model's name or an alias, see GET /v1/models.")] string Model,
    [property: JsonPropertyName("messages"), MinLength(1)] IReadOnlyList<ChatCompletionMessage> Messages)
{
    [JsonPropertyName("max_completion_tokens"), Range(1, int.MaxValue),
        Description("Most tokens to generate for each choice. Default: the model's own.")]
    public int? MaxCompletionTokens { get; init; }

    [JsonPropertyName("max_tokens"), Range(1, int.MaxValue), Description("Older name of max_completion_tokens.")]
    public int? MaxTokens { get; init; }

    [JsonPropertyName("n"), Range(1, 128), Description("Choices to generate. Default 1.")]
    public int? N { get; init; }

    [JsonPropertyName("temperature"), Range(0.0, 2.0), Description("0 takes the likeliest token. Default 1.")]
    public double? Temperature { get; init; }

    [JsonPropertyName("top_p"), Range(0.0, 1.0), Description("Probability mass that tokens are taken from. Default 1.")]
    public double? TopP { get; init; }

    [JsonPropertyName("seed"), Description("Makes sampling repeatable.")]
    public long? Seed { get; init; }

    [JsonPropertyName("stop"), Description("A text, or at most four, before which generation ends.")]
    public JsonElement? Stop { get; init; }

    [JsonPropertyName("presence_penalty"), Range(-2.0, 2.0)]
    public double? PresencePenalty { get; init; }

    [JsonPropertyName("frequency_penalty"), Range(-2.0, 2.0)]
    public double? FrequencyPenalty { get; init; }

    [JsonPropertyName("logit_bias"), Description("Token id to bias, -100 to 100.")]
    public IReadOnlyDictionary<string, double>? LogitBias { get; init; }

    [JsonPropertyName("stream"), Description("Answer as server-sent events that end with [DONE].")]
    public bool? Stream { get; init; }

    [JsonPropertyName("stream_options")]
    public StreamOptions? StreamOptions { get; init; }

    [JsonPropertyName("user"), Description("Your own name of the end user. Accepted, not used.")]
    public string? User { get; init; }
}

/// <summary>One message of a chat.</summary>
public sealed record ChatCompletionMessage(
    [property: JsonPropertyName("role"), Description("system, developer, user or assistant.")] string Role,
    [property: JsonPropertyName("content"), Description("A text, or a list of parts of type text.")] JsonElement Content)
{
    [JsonPropertyName("name")]
    public string? Name { get; init; }
}

/// <summary>What a stream carries besides its text.</summary>
public sealed record StreamOptions([property: JsonPropertyName("include_usage")] bool? IncludeUsage);

/// <summary>Body of <c>POST /v1/completions</c>.</summary>
public record CompletionBody
{
    [JsonPropertyName("prompt"), Description("A text, several texts, a list of token ids, or several such lists.")]
    public JsonElement? Prompt { get; init; }

    [JsonPropertyName("max_tokens"), Range(0, int.MaxValue), Description("Most tokens to generate for each choice. Default 16.")]
    public int? MaxTokens { get; init; }

    [JsonPropertyName("n"), Range(1, 128), Description("Choices to return for each prompt. Default 1.")]
    public int? N { get; init; }

    [JsonPropertyName("best_of"), Range(1, 20), Description("Candidates generated for each prompt, of which the n best are returned.")]
    public int? BestOf { get; init; }

    [JsonPropertyName("temperature"), Range(0.0, 2.0)]
    public double? Temperature { get; init; }

    [JsonPropertyName("top_p"), Range(0.0, 1.0)]
    public double? TopP { get; init; }

    [JsonPropertyName("seed")]
    public long? Seed { get; init; }

    [JsonPropertyName("stop"), Description("A text, or at most four, before which generation ends.")]
    public JsonElement? Stop { get; init; }

    [JsonPropertyName("echo"), Description("Puts the prompt before the answer.")]
    public bool? Echo { get; init; }

    [JsonPropertyName("stream"), Description("Answer as server-sent events that end with [DONE].")]
    public bool? Stream { get; init; }

    [JsonPropertyName("stream_options")]
    public StreamOptions? StreamOptions { get; init; }

    [JsonPropertyName("user")]
    public string? User { get; init; }
}

/// <summary>Body of <c>POST /v1/completions</c>, which names its model.</summary>
public sealed record CompletionRequestBody([property: JsonPropertyName("model")] string Model) : CompletionBody;

/// <summary>Body of <c>POST /v1/embeddings</c>.</summary>
public sealed record EmbeddingRequestBody(
    [property: JsonPropertyName("model")] string Model,
    [property: JsonPropertyName("input"),
        Description("A text, up to 2048 texts, a list of token ids, or several such lists.")] JsonElement Input)
{
    [JsonPropertyName("encoding_format"), Description("float (default) or base64: little-endian float32.")]
    public string? EncodingFormat { get; init; }

    [JsonPropertyName("dimensions"), Description("Only the model's own width is possible.")]
    public int? Dimensions { get; init; }

    [JsonPropertyName("user")]
    public string? User { get; init; }
}
