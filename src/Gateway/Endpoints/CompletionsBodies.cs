using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using Tollgate.Gateway.OpenApi;

namespace Tollgate.Gateway.Endpoints;

/// <summary>Body of <c>POST /v1/completions</c>. A member with the value null counts as absent.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record CompletionRequestBody(
    [property: JsonPropertyName("model"), MinLength(1), MaxLength(256), Description("A model's name or an alias, see GET /v1/models.")]
    string Model,
    object Prompt) : CompletionBody(Prompt);

/// <summary>Body of <c>POST /v1/engines/{engine}/completions</c>. A member with the value null counts as absent.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record EngineCompletionRequestBody(object Prompt) : CompletionBody(Prompt)
{
    [JsonPropertyName("model"), Description("The engine of the path, or absent.")]
    public string? Model { get; init; }
}

/// <summary>Members of both forms of the request.</summary>
public abstract record CompletionBody(
    [property: JsonPropertyName("prompt"),
        OneOf(typeof(string), typeof(IReadOnlyList<string>), typeof(IReadOnlyList<int>), typeof(IReadOnlyList<IReadOnlyList<int>>)),
        Description("A text, several texts, a list of token ids, or several such lists.")]
    object Prompt) : GenerationBody
{
    [JsonPropertyName("max_tokens"), Range(0, int.MaxValue), Description("Most tokens to generate for each choice. Default 16.")]
    public int? MaxTokens { get; init; }

    [JsonPropertyName("best_of"), Range(1, 20), Description("Candidates generated for each prompt, of which the n best are returned.")]
    public int? BestOf { get; init; }

    [JsonPropertyName("echo"),
        Description(
            "Puts the prompt before the answer. Beside logprobs its tokens are in them too, and a text is read unchanged even by a model "
            + "that answers texts as chats; with max_tokens: 0 the prompt alone. Default false.")]
    public bool? Echo { get; init; }

    [JsonPropertyName("logprobs"), Range(0, 5), Description("Adds log-probabilities, with so many alternatives for each token.")]
    public int? Logprobs { get; init; }

    [JsonPropertyName("suffix"),
        Description("The text after the gap that is filled. Only for models with tokens for that, and not beside echo with logprobs.")]
    public string? Suffix { get; init; }
}

/// <summary>Answer of <c>POST /v1/completions</c>.</summary>
public sealed record Completion(
    [property: JsonPropertyName("id")] string Id,
    [property: JsonPropertyName("object"), OneOfTexts("text_completion")] string Object,
    [property: JsonPropertyName("created"), Description("Unix seconds.")] long Created,
    [property: JsonPropertyName("model"), Description("The model's real name.")] string Model,
    [property: JsonPropertyName("choices")] IReadOnlyList<CompletionChoice> Choices,
    [property: JsonPropertyName("usage")] UsageObject Usage,
    [property: JsonPropertyName("system_fingerprint"), Description("Changes with the model's files and its runtime.")]
    string SystemFingerprint);

/// <summary>One choice of a completion.</summary>
public sealed record CompletionChoice(
    [property: JsonPropertyName("text")] string Text,
    [property: JsonPropertyName("index")] int Index,
    [property: JsonPropertyName("logprobs")] CompletionLogprobs? Logprobs,
    [property: JsonPropertyName("finish_reason"), OneOfTexts("stop", "length")] string FinishReason);

/// <summary>Log-probabilities of a choice or of a chunk; the lists run in parallel, one element a token.</summary>
public sealed record CompletionLogprobs(
    [property: JsonPropertyName("tokens")] IReadOnlyList<string> Tokens,
    [property: JsonPropertyName("token_logprobs"), Description("Null for the first token of an echoed prompt.")]
    IReadOnlyList<double?> TokenLogprobs,
    [property: JsonPropertyName("top_logprobs"), Description("Null for logprobs: 0; an element is null where token_logprobs is.")]
    IReadOnlyList<IReadOnlyDictionary<string, double>?>? TopLogprobs,
    [property: JsonPropertyName("text_offset"), Description("Characters of prompt and text before the token.")]
    IReadOnlyList<int> TextOffset);

/// <summary>Data of one event of a streamed completion.</summary>
public sealed record CompletionChunk(
    [property: JsonPropertyName("id"), Description("The same in all chunks of an answer.")] string Id,
    [property: JsonPropertyName("object"), OneOfTexts("text_completion")] string Object,
    [property: JsonPropertyName("created"), Description("Unix seconds.")] long Created,
    [property: JsonPropertyName("model"), Description("The model's real name.")] string Model,
    [property: JsonPropertyName("system_fingerprint")] string SystemFingerprint,
    [property: JsonPropertyName("choices"), Description("Empty in the chunk that carries the usage.")]
    IReadOnlyList<CompletionChunkChoice> Choices)
{
    [JsonPropertyName("usage"), Description("Only with stream_options.include_usage: null in every chunk but the last.")]
    public UsageObject? Usage { get; init; }
}

/// <summary>A step of one choice.</summary>
public sealed record CompletionChunkChoice(
    [property: JsonPropertyName("text")] string Text,
    [property: JsonPropertyName("index")] int Index,
    [property: JsonPropertyName("logprobs")] CompletionLogprobs? Logprobs,
    [property: JsonPropertyName("finish_reason"), OneOfTexts("stop", "length"), Description("Null until the choice's last chunk.")]
    string? FinishReason);

/// <summary>Examples of the endpoint's bodies.</summary>
internal static class CompletionExamples
{
    public static readonly BodyExample Prompt = new(
        "prompt", """{"model":"tiny-assistant","prompt":"Once upon a time","max_tokens":40}""");

    public static readonly BodyExample EnginePrompt = new("prompt", """{"prompt":"Once upon a time","max_tokens":40}""");

    public static readonly BodyExample Answer = new(
        "answer",
        """
        {"id":"cmpl-0195aaaa00007000800000000000000b","object":"text_completion","created":1790000000,"model":"tiny-assistant",
        "choices":[{"text":", a fox lived in a wood.","index":0,"logprobs":null,"finish_reason":"stop"}],
        "usage":{"prompt_tokens":4,"completion_tokens":8,"total_tokens":12,
        "prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},
        "completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}},
        "system_fingerprint":"fp_0123456789"}
        """);

    public static readonly BodyExample Events = new(
        "events", string.Join("\n\n", Event(", a fox", "null", 3), Event("", "\"stop\"", 3), "data: [DONE]\n\n"));

    private static string Event(string text, string finish, int tokens) =>
        $"id: {tokens}\n"
        + """data: {"id":"cmpl-0195aaaa00007000800000000000000b","object":"text_completion","created":1790000000,"""
        + """ "model":"tiny-assistant","system_fingerprint":"fp_0123456789","""
        + $$$""" "choices":[{"text":"{{{text}}}","index":0,"logprobs":null,"finish_reason":{{{finish}}}}]}""";
}
