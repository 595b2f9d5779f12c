using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;

namespace Tollgate.Gateway.OpenApi;

// Bodies in the API's document that several endpoints share; the others lie beside their endpoint. Requests are read by the
// parsers in Contracts, answers are written by workers; these records describe both. Tests compare them with the parsers and with answers.

/// <summary>Members with which vLLM extends OpenAI's requests for text.</summary>
public abstract record SamplingExtensionsBody
{
    [JsonPropertyName("top_k"), Range(-1, int.MaxValue),
        Description("Extension, as at vLLM: tokens are drawn from so many most likely ones; -1 or 0 for all. Default -1.")]
    public int? TopK { get; init; }

    [JsonPropertyName("min_p"), Range(0.0, 1.0),
        Description("Extension: tokens less likely than this part of the most likely one's probability are not drawn. Default 0.")]
    public double? MinP { get; init; }

    [JsonPropertyName("typical_p"), Range(0.0, 1.0, MinimumIsExclusive = true),
        Description("Extension: probability mass of the tokens nearest to the expected surprise, from which tokens are drawn. Default 1.")]
    public double? TypicalP { get; init; }

    [JsonPropertyName("repetition_penalty"), Range(0.0, 2.0, MinimumIsExclusive = true),
        Description("Extension: above 1 makes tokens of prompt and answer less likely, below 1 more. Default 1.")]
    public double? RepetitionPenalty { get; init; }

    [JsonPropertyName("min_tokens"), Range(0, int.MaxValue),
        Description("Extension: nothing ends the answer before so many tokens; at most the output cap. Default 0.")]
    public int? MinTokens { get; init; }

    [JsonPropertyName("stop_token_ids"), MaxLength(64),
        Description("Extension: tokens that end the answer and are not part of it.")]
    public IReadOnlyList<int>? StopTokenIds { get; init; }

    [JsonPropertyName("ignore_eos"),
        Description("Extension: generation goes on past the model's end tokens, which then count as output. Default false.")]
    public bool? IgnoreEos { get; init; }

    [JsonPropertyName("include_stop_str_in_output"),
        Description("Extension: the stop text or stop token that ends the answer is part of it. Default false.")]
    public bool? IncludeStopStrInOutput { get; init; }

    [JsonPropertyName("skip_special_tokens"),
        Description("Extension: false shows control tokens in the answer, but not its end token. Default true.")]
    public bool? SkipSpecialTokens { get; init; }

    [JsonPropertyName("bad_words"), MaxLength(64),
        Description("Extension: texts whose tokens are never generated one after the other, none empty.")]
    public IReadOnlyList<string>? BadWords { get; init; }

    [JsonPropertyName("allowed_token_ids"), MinLength(1), MaxLength(65_536),
        Description("Extension: the only tokens that are generated. Without an end token the answer goes on to its output cap.")]
    public IReadOnlyList<int>? AllowedTokenIds { get; init; }

    [JsonPropertyName("spaces_between_special_tokens"), Description("Accepted and ignored: there are no such spaces.")]
    public bool? SpacesBetweenSpecialTokens { get; init; }

    [JsonPropertyName("use_beam_search"), Not(true), Description("Must not be true: not supported.")]
    public bool? UseBeamSearch { get; init; }

    [JsonPropertyName("length_penalty"), Description("Accepted and ignored: a member of beam search.")]
    public double? LengthPenalty { get; init; }

    [JsonPropertyName("early_stopping"), Description("Accepted and ignored: a member of beam search.")]
    public bool? EarlyStopping { get; init; }

    [JsonPropertyName("prompt_logprobs"), OneOf, Description("Not supported: only null is accepted. See echo on /v1/completions.")]
    public object? PromptLogprobs { get; init; }

    [JsonPropertyName("truncate_prompt_tokens"), OneOf, Description("Not supported: only null is accepted.")]
    public object? TruncatePromptTokens { get; init; }

    [JsonPropertyName("logits_processors"), OneOf, Description("Not supported: only null is accepted.")]
    public object? LogitsProcessors { get; init; }
}

/// <summary>Members of every request that generates choices of text.</summary>
public abstract record GenerationBody : SamplingExtensionsBody
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
    [property: JsonPropertyName("cached_tokens"),
        Description("Of the prompt, tokens that an earlier prompt of the organization began with too. They have a price of their own.")]
    int CachedTokens,
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
