using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;
using Tollgate.Gateway.OpenApi;

namespace Tollgate.Gateway.Endpoints;

/// <summary>Body of <c>POST /v1/chat/completions</c>. A member with the value null counts as absent.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ChatCompletionRequest(
    [property: JsonPropertyName("model"), MinLength(1), MaxLength(256), Description("A model's name or an alias, see GET /v1/models.")]
    string Model,
    [property: JsonPropertyName("messages"), MinLength(1)] IReadOnlyList<ChatCompletionMessage> Messages)
    : GenerationBody
{
    [JsonPropertyName("max_completion_tokens"), Range(1, int.MaxValue),
        Description("Most tokens to generate for each choice. Default: the model's own.")]
    public int? MaxCompletionTokens { get; init; }

    [JsonPropertyName("max_tokens"), Range(1, int.MaxValue), Description("Older name of max_completion_tokens; beside it the same value.")]
    public int? MaxTokens { get; init; }

    [JsonPropertyName("logprobs"), Description("Adds the log-probability of each token. Default false.")]
    public bool? Logprobs { get; init; }

    [JsonPropertyName("top_logprobs"), Range(0, 20), Description("Alternatives shown for each token. Only beside logprobs: true.")]
    public int? TopLogprobs { get; init; }

    [JsonPropertyName("best_of"), Range(1, 1), Description("Must be 1: ask for n choices.")]
    public int? BestOf { get; init; }

    [JsonPropertyName("safety_identifier"), MaxLength(64), Description("Accepted and ignored.")]
    public string? SafetyIdentifier { get; init; }

    [JsonPropertyName("metadata"), Description("At most 16 pairs, names up to 64 characters, texts up to 512. Accepted and ignored.")]
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }

    [JsonPropertyName("prompt_cache_key"), MaxLength(1024), Description("Accepted and ignored.")]
    public string? PromptCacheKey { get; init; }

    [JsonPropertyName("prompt_cache_options"), Description("Accepted and ignored.")]
    public FreeObject? PromptCacheOptions { get; init; }

    [JsonPropertyName("prompt_cache_retention"), OneOfTexts("in_memory", "in-memory", "24h"), Description("Accepted and ignored.")]
    public string? PromptCacheRetention { get; init; }

    [JsonPropertyName("prediction"), Description("Accepted and ignored.")]
    public FreeObject? Prediction { get; init; }

    [JsonPropertyName("reasoning_effort"), OneOfTexts("none", "minimal", "low", "medium", "high", "xhigh", "max"),
        Description("Accepted and ignored.")]
    public string? ReasoningEffort { get; init; }

    [JsonPropertyName("verbosity"), OneOfTexts("low", "medium", "high"), Description("Accepted and ignored.")]
    public string? Verbosity { get; init; }

    [JsonPropertyName("service_tier"), OneOfTexts("auto", "default"), Description("There is one tier.")]
    public string? ServiceTier { get; init; }

    [JsonPropertyName("store"), Not(true), Description("Must not be true: answers are not stored.")]
    public bool? Store { get; init; }

    [JsonPropertyName("modalities"), OneOfTexts("text"), Description("Answers are text.")]
    public IReadOnlyList<string>? Modalities { get; init; }

    [JsonPropertyName("response_format"), Description("What the answer's text must be. Default free text.")]
    public ChatResponseFormat? ResponseFormat { get; init; }

    [JsonPropertyName("structured_outputs"), Description("The same in vLLM's form: one of its members. Only without response_format.")]
    public StructuredOutputs? StructuredOutputs { get; init; }

    [JsonPropertyName("guided_json"), OneOf(typeof(FreeObject), typeof(string), typeof(bool)),
        Description("vLLM's older name of structured_outputs.json.")]
    public object? GuidedJson { get; init; }

    [JsonPropertyName("guided_regex"), MinLength(1), Description("vLLM's older name of structured_outputs.regex.")]
    public string? GuidedRegex { get; init; }

    [JsonPropertyName("guided_choice"), MinLength(1), MaxLength(1024), Description("vLLM's older name of structured_outputs.choice.")]
    public IReadOnlyList<string>? GuidedChoice { get; init; }

    [JsonPropertyName("guided_grammar"), MinLength(1), Description("vLLM's older name of structured_outputs.grammar.")]
    public string? GuidedGrammar { get; init; }

    [JsonPropertyName("tools"), MaxLength(128), Description("Functions that the model may call.")]
    public IReadOnlyList<ChatTool>? Tools { get; init; }

    [JsonPropertyName("tool_choice"), OneOf(typeof(string), typeof(ChatToolChoice)),
        Description("none, auto, required, or the functions that may or must be called. Default auto.")]
    public object? ToolChoice { get; init; }

    [JsonPropertyName("parallel_tool_calls"), Description("Whether one answer may have several calls. Default true.")]
    public bool? ParallelToolCalls { get; init; }

    [JsonPropertyName("functions"), MaxLength(128), Description("Older form of tools, for one call at a time.")]
    public IReadOnlyList<ChatFunction>? Functions { get; init; }

    [JsonPropertyName("function_call"), OneOf(typeof(string), typeof(ChatFunctionName)),
        Description("none, auto, or the function to call.")]
    public object? FunctionCall { get; init; }

    [JsonPropertyName("audio"), OneOf, Description("Not supported: only null is accepted.")]
    public object? Audio { get; init; }

    [JsonPropertyName("moderation"), OneOf, Description("Not supported: only null is accepted.")]
    public object? Moderation { get; init; }

    [JsonPropertyName("web_search_options"), OneOf, Description("Not supported: only null is accepted.")]
    public object? WebSearchOptions { get; init; }
}

/// <summary>Format of the answer's text. An answer that ends with stop keeps to it.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ChatResponseFormat(
    [property: JsonPropertyName("type"), OneOfTexts("text", "json_object", "json_schema", "regex", "grammar")] string Type)
{
    [JsonPropertyName("json_schema"), Description("Of type json_schema.")]
    public ChatJsonSchema? JsonSchema { get; init; }

    [JsonPropertyName("pattern"), MinLength(1), Description("Of type regex, an extension: the whole text matches it.")]
    public string? Pattern { get; init; }

    [JsonPropertyName("regex"), MinLength(1), Description("Another name of pattern.")]
    public string? Regex { get; init; }

    [JsonPropertyName("grammar"), MinLength(1), Description("Of type grammar, an extension.")]
    public string? Grammar { get; init; }

    [JsonPropertyName("definition"), MinLength(1), Description("Another name of grammar.")]
    public string? Definition { get; init; }

    [JsonPropertyName("syntax"), OneOfTexts("gbnf", "lark"), Description("Of a grammar. Default gbnf where the text has ::=, else lark.")]
    public string? Syntax { get; init; }

    [JsonPropertyName("schema"), OneOf, Description("Not supported here: it stands in json_schema.")]
    public object? Schema { get; init; }
}

/// <summary>The schema that an answer is valid under.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ChatJsonSchema([property: JsonPropertyName("name"), MinLength(1), MaxLength(64)] string Name)
{
    [JsonPropertyName("description"), Description("Accepted and ignored.")]
    public string? Description { get; init; }

    [JsonPropertyName("schema"), OneOf(typeof(FreeObject), typeof(bool)), Description("JSON schema. Without it any object.")]
    public object? Schema { get; init; }

    [JsonPropertyName("strict"),
        Description("Whether the schema must keep OpenAI's rules of strict schemas. Answers are valid either way.")]
    public bool? Strict { get; init; }
}

/// <summary>vLLM's form of a format: one of its members.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record StructuredOutputs
{
    [JsonPropertyName("json"), OneOf(typeof(FreeObject), typeof(string), typeof(bool)), Description("JSON schema, or its text.")]
    public object? Json { get; init; }

    [JsonPropertyName("regex"), MinLength(1), Description("The whole text matches it.")]
    public string? Regex { get; init; }

    [JsonPropertyName("choice"), MinLength(1), MaxLength(1024), Description("The text is one of these.")]
    public IReadOnlyList<string>? Choice { get; init; }

    [JsonPropertyName("grammar"), MinLength(1), Description("In GBNF or Lark.")]
    public string? Grammar { get; init; }

    [JsonPropertyName("json_object"), Description("Any JSON object.")]
    public bool? JsonObject { get; init; }
}

/// <summary>A function that the model may call.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ChatTool(
    [property: JsonPropertyName("type"), OneOfTexts("function")] string Type,
    [property: JsonPropertyName("function")] ChatFunction Function)
{
    [JsonPropertyName("custom"), OneOf, Description("Not supported: only null is accepted.")]
    public object? Custom { get; init; }
}

/// <summary>A function.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ChatFunction(
    [property: JsonPropertyName("name"), MinLength(1), MaxLength(64), Description("Letters, digits, underscores and hyphens.")] string Name)
{
    [JsonPropertyName("description"), Description("What it does, for the model.")]
    public string? Description { get; init; }

    [JsonPropertyName("parameters"), Description("JSON schema of the arguments, of type object.")]
    public FreeObject? Parameters { get; init; }

    [JsonPropertyName("strict"), Description("Whether arguments are always valid under the schema, by OpenAI's rules of strict schemas.")]
    public bool? Strict { get; init; }
}

/// <summary>Which functions may or must be called.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ChatToolChoice([property: JsonPropertyName("type"), OneOfTexts("function", "allowed_tools")] string Type)
{
    [JsonPropertyName("function"), Description("Of type function: it must be called.")]
    public ChatFunctionName? Function { get; init; }

    [JsonPropertyName("allowed_tools"), Description("Of type allowed_tools.")]
    public ChatAllowedTools? AllowedTools { get; init; }

    [JsonPropertyName("custom"), OneOf, Description("Not supported: only null is accepted.")]
    public object? Custom { get; init; }
}

/// <summary>Name of one of the request's functions.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ChatFunctionName([property: JsonPropertyName("name")] string Name);

/// <summary>The functions that may be called, of those that the model is shown.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ChatAllowedTools(
    [property: JsonPropertyName("mode"), OneOfTexts("auto", "required")] string Mode,
    [property: JsonPropertyName("tools"), MinLength(1)] IReadOnlyList<ChatAllowedTool> Tools);

/// <summary>A function that may be called.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ChatAllowedTool(
    [property: JsonPropertyName("type"), OneOfTexts("function")] string Type,
    [property: JsonPropertyName("function")] ChatFunctionName Function);

/// <summary>One message of a chat. It has a content or, from an assistant, calls or a refusal.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ChatCompletionMessage(
    [property: JsonPropertyName("role"), OneOfTexts("system", "developer", "user", "assistant", "tool", "function")] string Role)
{
    [JsonPropertyName("content"), OneOf(typeof(string), typeof(IReadOnlyList<ChatContentPart>)), Description("A text, or parts of one.")]
    public object? Content { get; init; }

    [JsonPropertyName("name"), MinLength(1), MaxLength(64), Description("Who speaks, among several with the same role.")]
    public string? Name { get; init; }

    [JsonPropertyName("refusal"), Description("Only of an assistant, in place of a content.")]
    public string? Refusal { get; init; }

    [JsonPropertyName("annotations"), Description("Accepted and ignored, so that an answer's message can be sent back.")]
    public IReadOnlyList<FreeObject>? Annotations { get; init; }

    [JsonPropertyName("tool_calls"), Description("Calls that the assistant made.")]
    public IReadOnlyList<ChatToolCall>? ToolCalls { get; init; }

    [JsonPropertyName("tool_call_id"), MinLength(1), MaxLength(256), Description("Of role tool: the call whose result the content is.")]
    public string? ToolCallId { get; init; }

    [JsonPropertyName("function_call"), Description("Older form of one call.")]
    public ChatFunctionCall? FunctionCall { get; init; }

    [JsonPropertyName("audio"), OneOf, Description("Not supported: only null is accepted.")]
    public object? Audio { get; init; }

    [JsonPropertyName("parsed"), Description("Accepted and ignored: OpenAI's client adds it to an answer's message.")]
    public JsonElement? Parsed { get; init; }
}

/// <summary>A call of a function.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ChatToolCall(
    [property: JsonPropertyName("id"), MinLength(1), MaxLength(256)] string Id,
    [property: JsonPropertyName("type"), OneOfTexts("function")] string Type,
    [property: JsonPropertyName("function")] ChatFunctionCall Function)
{
    [JsonPropertyName("index"), Range(0, int.MaxValue), Description("Accepted and ignored, as a stream has it.")]
    public int? Index { get; init; }

    [JsonPropertyName("custom"), OneOf, Description("Not supported: only null is accepted.")]
    public object? Custom { get; init; }
}

/// <summary>The function that is called, and its arguments.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ChatFunctionCall(
    [property: JsonPropertyName("name"), MinLength(1), MaxLength(64)] string Name,
    [property: JsonPropertyName("arguments"), Description("JSON text, as the model wrote it.")] string Arguments)
{
    [JsonPropertyName("parsed_arguments"), Description("Accepted and ignored: OpenAI's client adds it to an answer's calls.")]
    public JsonElement? ParsedArguments { get; init; }
}

/// <summary>A part of a message's content: a text, or an assistant's refusal.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ChatContentPart([property: JsonPropertyName("type"), OneOfTexts("text", "refusal")] string Type)
{
    [JsonPropertyName("text"), Description("Of type text.")]
    public string? Text { get; init; }

    [JsonPropertyName("refusal"), Description("Of type refusal.")]
    public string? Refusal { get; init; }

    [JsonPropertyName("prompt_cache_breakpoint"), Description("Accepted and ignored.")]
    public FreeObject? PromptCacheBreakpoint { get; init; }

    [JsonPropertyName("image_url"), OneOf, Description("Not supported: only null is accepted.")]
    public object? ImageUrl { get; init; }

    [JsonPropertyName("input_audio"), OneOf, Description("Not supported: only null is accepted.")]
    public object? InputAudio { get; init; }

    [JsonPropertyName("file"), OneOf, Description("Not supported: only null is accepted.")]
    public object? File { get; init; }
}

/// <summary>Answer of <c>POST /v1/chat/completions</c>.</summary>
public sealed record ChatCompletion(
    [property: JsonPropertyName("id")] string Id,
    [property: JsonPropertyName("object"), OneOfTexts("chat.completion")] string Object,
    [property: JsonPropertyName("created"), Description("Unix seconds.")] long Created,
    [property: JsonPropertyName("model"), Description("The model's real name.")] string Model,
    [property: JsonPropertyName("choices")] IReadOnlyList<ChatCompletionChoice> Choices,
    [property: JsonPropertyName("usage")] UsageObject Usage,
    [property: JsonPropertyName("service_tier")] string ServiceTier,
    [property: JsonPropertyName("system_fingerprint"), Description("Changes with the model's files and its runtime.")]
    string SystemFingerprint);

/// <summary>One choice of a chat.</summary>
public sealed record ChatCompletionChoice(
    [property: JsonPropertyName("index")] int Index,
    [property: JsonPropertyName("message")] ChatCompletionAnswer Message,
    [property: JsonPropertyName("logprobs")] ChatLogprobs? Logprobs,
    [property: JsonPropertyName("finish_reason"), OneOfTexts("stop", "length", "tool_calls", "function_call")] string FinishReason);

/// <summary>The message that the model generated.</summary>
public sealed record ChatCompletionAnswer(
    [property: JsonPropertyName("role"), OneOfTexts("assistant")] string Role,
    [property: JsonPropertyName("content"), Description("Null where the model only calls functions.")] string? Content,
    [property: JsonPropertyName("refusal")] string? Refusal,
    [property: JsonPropertyName("annotations")] IReadOnlyList<FreeObject> Annotations)
{
    [JsonPropertyName("tool_calls"), Description("Absent without calls.")]
    public IReadOnlyList<ChatAnswerCall>? ToolCalls { get; init; }

    [JsonPropertyName("function_call"), Description("Only of a request with functions.")]
    public ChatAnswerFunction? FunctionCall { get; init; }
}

/// <summary>A call that the model makes.</summary>
public sealed record ChatAnswerCall(
    [property: JsonPropertyName("id")] string Id,
    [property: JsonPropertyName("type"), OneOfTexts("function")] string Type,
    [property: JsonPropertyName("function")] ChatAnswerFunction Function);

/// <summary>The function that the model calls, and its arguments.</summary>
public sealed record ChatAnswerFunction(
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("arguments"), Description("JSON text.")] string Arguments);

/// <summary>Log-probabilities of a choice or of a chunk.</summary>
public sealed record ChatLogprobs(
    [property: JsonPropertyName("content")] IReadOnlyList<ChatTokenLogprob> Content,
    [property: JsonPropertyName("refusal"), OneOf] object? Refusal);

/// <summary>A generated token and its most likely alternatives.</summary>
public sealed record ChatTokenLogprob(
    [property: JsonPropertyName("token")] string Token,
    [property: JsonPropertyName("logprob")] double Logprob,
    [property: JsonPropertyName("bytes"), Description("UTF-8 bytes of the token.")] IReadOnlyList<int> Bytes,
    [property: JsonPropertyName("top_logprobs")] IReadOnlyList<TopLogprob> TopLogprobs);

/// <summary>One alternative for a token.</summary>
public sealed record TopLogprob(
    [property: JsonPropertyName("token")] string Token,
    [property: JsonPropertyName("logprob")] double Logprob,
    [property: JsonPropertyName("bytes")] IReadOnlyList<int> Bytes);

/// <summary>Data of one event of a streamed chat.</summary>
public sealed record ChatCompletionChunk(
    [property: JsonPropertyName("id"), Description("The same in all chunks of an answer.")] string Id,
    [property: JsonPropertyName("object"), OneOfTexts("chat.completion.chunk")] string Object,
    [property: JsonPropertyName("created"), Description("Unix seconds.")] long Created,
    [property: JsonPropertyName("model"), Description("The model's real name.")] string Model,
    [property: JsonPropertyName("service_tier")] string ServiceTier,
    [property: JsonPropertyName("system_fingerprint")] string SystemFingerprint,
    [property: JsonPropertyName("choices"), Description("Empty in the chunk that carries the usage.")]
    IReadOnlyList<ChatCompletionChunkChoice> Choices)
{
    [JsonPropertyName("usage"), Description("Only with stream_options.include_usage: null in every chunk but the last.")]
    public UsageObject? Usage { get; init; }
}

/// <summary>A step of one choice.</summary>
public sealed record ChatCompletionChunkChoice(
    [property: JsonPropertyName("index")] int Index,
    [property: JsonPropertyName("delta")] ChatCompletionDelta Delta,
    [property: JsonPropertyName("logprobs")] ChatLogprobs? Logprobs,
    [property: JsonPropertyName("finish_reason"), OneOfTexts("stop", "length", "tool_calls", "function_call"),
        Description("Null until the choice's last chunk.")]
    string? FinishReason);

/// <summary>What a chunk adds to a choice's message.</summary>
public sealed record ChatCompletionDelta
{
    [JsonPropertyName("role"), OneOfTexts("assistant"), Description("In the first chunk of a choice.")]
    public string? Role { get; init; }

    [JsonPropertyName("content")]
    public string? Content { get; init; }

    [JsonPropertyName("refusal")]
    public string? Refusal { get; init; }

    [JsonPropertyName("tool_calls"), Description("One piece of one call.")]
    public IReadOnlyList<ChatCallPiece>? ToolCalls { get; init; }

    [JsonPropertyName("function_call"), Description("A piece of the call; only of a request with functions.")]
    public ChatFunctionPiece? FunctionCall { get; init; }
}

/// <summary>A piece of a call. Its id, type and name stand in the first piece alone; joined arguments are a JSON text.</summary>
public sealed record ChatCallPiece(
    [property: JsonPropertyName("index"), Description("Of the call in its message.")] int Index,
    [property: JsonPropertyName("function")] ChatFunctionPiece Function)
{
    [JsonPropertyName("id")]
    public string? Id { get; init; }

    [JsonPropertyName("type"), OneOfTexts("function")]
    public string? Type { get; init; }
}

/// <summary>A piece of a function's name and arguments.</summary>
public sealed record ChatFunctionPiece([property: JsonPropertyName("arguments")] string Arguments)
{
    [JsonPropertyName("name")]
    public string? Name { get; init; }
}

/// <summary>Examples of the endpoint's bodies.</summary>
internal static class ChatExamples
{
    public static readonly BodyExample Question = new(
        "question",
        """
        {"model":"tiny-assistant","messages":[{"role":"user","content":"What is the capital of France?"}],
        "temperature":0,"max_tokens":40}
        """);

    public static readonly BodyExample StreamedQuestion = new(
        "streamed",
        """
        {"model":"tiny-assistant","messages":[{"role":"system","content":"Answer briefly."},{"role":"user","content":"Tell me a story."}],
        "stream":true,"stream_options":{"include_usage":true}}
        """);

    public static readonly BodyExample Answer = new(
        "answer",
        """
        {"id":"chatcmpl-0195aaaa00007000800000000000000b","object":"chat.completion","created":1790000000,"model":"tiny-assistant",
        "choices":[{"index":0,"message":{"role":"assistant","content":"The capital of France is Paris.","refusal":null,"annotations":[]},
        "logprobs":null,"finish_reason":"stop"}],
        "usage":{"prompt_tokens":21,"completion_tokens":7,"total_tokens":28,
        "prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},
        "completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}},
        "service_tier":"default","system_fingerprint":"fp_0123456789"}
        """);

    public static readonly BodyExample Events = new(
        "events",
        string.Join(
            "\n\n", Event("""{"role":"assistant","content":"","refusal":null}""", "null", 0), Event("""{"content":"Paris"}""", "null", 1),
            Event("{}", "\"stop\"", 1), "data: [DONE]\n\n"));

    private static string Event(string delta, string finish, int tokens) =>
        $"id: {tokens}\n"
        + """data: {"id":"chatcmpl-0195aaaa00007000800000000000000b","object":"chat.completion.chunk","created":1790000000,"""
        + """ "model":"tiny-assistant","service_tier":"default","system_fingerprint":"fp_0123456789","""
        + $$$""" "choices":[{"index":0,"delta":{{{delta}}},"logprobs":null,"finish_reason":{{{finish}}}}]}""";
}
