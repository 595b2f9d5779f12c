using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.OpenApi;
using Tollgate.Gateway.OpenApi;

namespace Tollgate.Gateway.Endpoints;

/// <summary>Body of <c>POST /v1/responses</c>. A member with the value null counts as absent.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ResponseRequestBody(
    [property: JsonPropertyName("model"), MinLength(1), MaxLength(256), Description("A model's name or an alias, see GET /v1/models.")]
    string Model,
    [property: JsonPropertyName("input"), OneOf(typeof(string), typeof(IReadOnlyList<ResponseInputItem>)),
        Description("What is new in the conversation: the user's text, or items.")]
    object Input) : SamplingExtensionsBody
{
    [JsonPropertyName("instructions"), Description("A system message for this answer alone, in front of the conversation.")]
    public string? Instructions { get; init; }

    [JsonPropertyName("previous_response_id"), MinLength(1), MaxLength(256),
        Description("The response whose conversation goes on. Its instructions are not carried over.")]
    public string? PreviousResponseId { get; init; }

    [JsonPropertyName("store"), Description("Whether the response is kept, for 30 days unless the operator has set another time. "
        + "Default true, or false where the project's setting forbids it.")]
    public bool? Store { get; init; }

    [JsonPropertyName("stream"), Description("Answers as server-sent events. Default false.")]
    public bool? Stream { get; init; }

    [JsonPropertyName("stream_options"), Description("Only beside stream: true.")]
    public StreamOptions? StreamOptions { get; init; }

    [JsonPropertyName("max_output_tokens"), Range(1, int.MaxValue), Description("Most tokens to generate. Default: the model's own.")]
    public int? MaxOutputTokens { get; init; }

    [JsonPropertyName("temperature"), Range(0.0, 2.0), Description("0 takes the most likely token. Default 1.")]
    public double? Temperature { get; init; }

    [JsonPropertyName("top_p"), Range(0.0, 1.0), Description("Probability mass from which tokens are taken. Default 1.")]
    public double? TopP { get; init; }

    [JsonPropertyName("seed"), Description("An extension: makes sampling repeatable.")]
    public long? Seed { get; init; }

    [JsonPropertyName("stop"), OneOf(typeof(string), typeof(IReadOnlyList<string>)),
        Description("An extension: a text, or at most four, before which generation ends.")]
    public object? Stop { get; init; }

    [JsonPropertyName("presence_penalty"), Range(-2.0, 2.0),
        Description("An extension: makes tokens that occurred less likely. Default 0.")]
    public double? PresencePenalty { get; init; }

    [JsonPropertyName("frequency_penalty"), Range(-2.0, 2.0),
        Description("An extension: the same, for each time that they occurred. Default 0.")]
    public double? FrequencyPenalty { get; init; }

    [JsonPropertyName("logit_bias"), Description("An extension: token id to bias, -100 to 100; at most 1024 of them.")]
    public IReadOnlyDictionary<string, double>? LogitBias { get; init; }

    [JsonPropertyName("top_logprobs"), Range(0, 20), Description("Alternatives shown for each token; above 0 it adds log-probabilities.")]
    public int? TopLogprobs { get; init; }

    [JsonPropertyName("include"), OneOfTexts(
        "message.output_text.logprobs", "reasoning.encrypted_content", "file_search_call.results", "web_search_call.results",
        "web_search_call.action.sources", "message.input_image.image_url", "computer_call_output.output.image_url",
        "code_interpreter_call.outputs"),
        Description("message.output_text.logprobs adds the log-probability of each token. The others name what no answer here has.")]
    public IReadOnlyList<string>? Include { get; init; }

    [JsonPropertyName("text"), Description("What the answer's text must be. Default free text.")]
    public ResponseTextBody? Text { get; init; }

    [JsonPropertyName("tools"), MaxLength(128), Description("Functions that the model may call.")]
    public IReadOnlyList<ResponseTool>? Tools { get; init; }

    [JsonPropertyName("tool_choice"), OneOf(typeof(string), typeof(ResponseToolChoice)),
        Description("none, auto, required, or the functions that may or must be called. Default auto.")]
    public object? ToolChoice { get; init; }

    [JsonPropertyName("parallel_tool_calls"), Description("Whether one answer may have several calls. Default true.")]
    public bool? ParallelToolCalls { get; init; }

    [JsonPropertyName("metadata"), Description("At most 16 pairs, names up to 64 characters, texts up to 512. The response repeats them.")]
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }

    [JsonPropertyName("truncation"), OneOfTexts("disabled"), Description("A conversation that is too long is refused.")]
    public string? Truncation { get; init; }

    [JsonPropertyName("user"), Description("Your own name of the end user. The response repeats it.")]
    public string? User { get; init; }

    [JsonPropertyName("safety_identifier"), MaxLength(64), Description("The response repeats it.")]
    public string? SafetyIdentifier { get; init; }

    [JsonPropertyName("prompt_cache_key"), MaxLength(1024), Description("The response repeats it.")]
    public string? PromptCacheKey { get; init; }

    [JsonPropertyName("prompt_cache_options"), Description("Accepted and ignored.")]
    public FreeObject? PromptCacheOptions { get; init; }

    [JsonPropertyName("prompt_cache_retention"), OneOfTexts("in_memory", "in-memory", "24h"), Description("The response repeats it.")]
    public string? PromptCacheRetention { get; init; }

    [JsonPropertyName("reasoning"), Description("Hints. The response repeats them.")]
    public ResponseReasoningBody? Reasoning { get; init; }

    [JsonPropertyName("max_tool_calls"), Range(1, int.MaxValue), Description("Of tools that run here, of which there are none.")]
    public int? MaxToolCalls { get; init; }

    [JsonPropertyName("service_tier"), OneOfTexts("auto", "default"), Description("There is one tier.")]
    public string? ServiceTier { get; init; }

    [JsonPropertyName("background"), Description("Answers at once with the response that waits. It is then read by its id; neither "
        + "stream: true nor store: false can stand beside it. Default false.")]
    public bool? Background { get; init; }

    [JsonPropertyName("background_options"), OneOf, Description("Not supported: only null is accepted.")]
    public object? BackgroundOptions { get; init; }

    [JsonPropertyName("conversation"), OneOf, Description("Not supported: previous_response_id continues a conversation.")]
    public object? Conversation { get; init; }

    [JsonPropertyName("context_management"), OneOf, Description("Not supported: only null is accepted.")]
    public object? ContextManagement { get; init; }

    [JsonPropertyName("prompt"), OneOf, Description("Not supported: only null is accepted.")]
    public object? Prompt { get; init; }

    [JsonPropertyName("moderation"), OneOf, Description("Not supported: only null is accepted.")]
    public object? Moderation { get; init; }

    [JsonPropertyName("access_programs"), OneOf, Description("Not supported: only null is accepted.")]
    public object? AccessPrograms { get; init; }

    [JsonPropertyName("image"), OneOf, Description("Not supported: only null is accepted.")]
    public object? Image { get; init; }
}

/// <summary>An item of the input. Its type says which members it has; one without a type is a message.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ResponseInputItem
{
    [JsonPropertyName("type"), OneOfTexts("message", "function_call", "function_call_output", "item_reference", "reasoning"),
        Description("Reasoning is accepted and left out. An item_reference stands for an item that is kept.")]
    public string? Type { get; init; }

    [JsonPropertyName("id"), MinLength(1), MaxLength(256), Description("Of an item that came in an answer.")]
    public string? Id { get; init; }

    [JsonPropertyName("status"), OneOfTexts("in_progress", "completed", "incomplete"), Description("Accepted and ignored.")]
    public string? Status { get; init; }

    [JsonPropertyName("role"), OneOfTexts("user", "assistant", "system", "developer"), Description("Of a message.")]
    public string? Role { get; init; }

    [JsonPropertyName("content"), OneOf(typeof(string), typeof(IReadOnlyList<ResponseContentPart>)),
        Description("Of a message: a text, or parts of one.")]
    public object? Content { get; init; }

    [JsonPropertyName("phase"), OneOfTexts("commentary", "final_answer"), Description("Accepted and ignored.")]
    public string? Phase { get; init; }

    [JsonPropertyName("call_id"), MinLength(1), MaxLength(256), Description("Of a call and of its result: the same.")]
    public string? CallId { get; init; }

    [JsonPropertyName("name"), MinLength(1), MaxLength(64), Description("Of the function.")]
    public string? Name { get; init; }

    [JsonPropertyName("arguments"), Description("Of a call: JSON as a text.")]
    public string? Arguments { get; init; }

    [JsonPropertyName("output"), OneOf(typeof(string), typeof(IReadOnlyList<ResponseContentPart>)),
        Description("Of a result: a text, or parts of one.")]
    public object? Output { get; init; }

    [JsonPropertyName("summary"), Description("Of reasoning. Accepted and ignored.")]
    public IReadOnlyList<FreeObject>? Summary { get; init; }

    [JsonPropertyName("encrypted_content"), Description("Of reasoning. Accepted and ignored.")]
    public string? EncryptedContent { get; init; }

    [JsonPropertyName("async"), Not(true), Description("Must not be true.")]
    public bool? Async { get; init; }

    [JsonPropertyName("caller"), OneOf, Description("Not supported: only null is accepted.")]
    public object? Caller { get; init; }

    [JsonPropertyName("namespace"), OneOf, Description("Not supported: only null is accepted.")]
    public object? Namespace { get; init; }

    [JsonPropertyName("parsed_arguments"), Description("Accepted and ignored: OpenAI's client adds it to an answer's calls.")]
    public JsonElement? ParsedArguments { get; init; }
}

/// <summary>A part of a content: a text.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ResponseContentPart(
    [property: JsonPropertyName("type"), OneOfTexts("input_text", "output_text", "refusal", "reasoning_text"),
        Description("Of an assistant's message output_text or refusal, else input_text.")] string Type)
{
    [JsonPropertyName("text"), Description("Of all types but refusal.")]
    public string? Text { get; init; }

    [JsonPropertyName("refusal"), Description("Of type refusal.")]
    public string? Refusal { get; init; }

    [JsonPropertyName("annotations"), Description("Accepted and ignored, so that an answer can be sent back.")]
    public IReadOnlyList<FreeObject>? Annotations { get; init; }

    [JsonPropertyName("logprobs"), Description("Accepted and ignored, so that an answer can be sent back.")]
    public IReadOnlyList<FreeObject>? Logprobs { get; init; }

    [JsonPropertyName("prompt_cache_breakpoint"), Description("Accepted and ignored.")]
    public FreeObject? PromptCacheBreakpoint { get; init; }

    [JsonPropertyName("image_url"), OneOf, Description("Not supported: only null is accepted.")]
    public object? ImageUrl { get; init; }

    [JsonPropertyName("file_id"), OneOf, Description("Not supported: only null is accepted.")]
    public object? FileId { get; init; }

    [JsonPropertyName("detail"), OneOf, Description("Not supported: only null is accepted.")]
    public object? Detail { get; init; }

    [JsonPropertyName("file_data"), OneOf, Description("Not supported: only null is accepted.")]
    public object? FileData { get; init; }

    [JsonPropertyName("file_url"), OneOf, Description("Not supported: only null is accepted.")]
    public object? FileUrl { get; init; }

    [JsonPropertyName("filename"), OneOf, Description("Not supported: only null is accepted.")]
    public object? Filename { get; init; }

    [JsonPropertyName("input_audio"), OneOf, Description("Not supported: only null is accepted.")]
    public object? InputAudio { get; init; }

    [JsonPropertyName("parsed"), Description("Accepted and ignored: OpenAI's client adds it to an answer's text.")]
    public JsonElement? Parsed { get; init; }
}

/// <summary>What the answer's text must be, and how long.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ResponseTextBody
{
    [JsonPropertyName("format")]
    public ResponseTextFormat? Format { get; init; }

    [JsonPropertyName("verbosity"), OneOfTexts("low", "medium", "high"), Description("A hint. The response repeats it.")]
    public string? Verbosity { get; init; }
}

/// <summary>Format of the answer's text. An answer that is completed keeps to it.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ResponseTextFormat(
    [property: JsonPropertyName("type"), OneOfTexts("text", "json_object", "json_schema", "regex", "grammar")] string Type)
{
    [JsonPropertyName("name"), MinLength(1), MaxLength(64), Description("Of type json_schema.")]
    public string? Name { get; init; }

    [JsonPropertyName("description"), Description("Of type json_schema. Accepted and ignored.")]
    public string? Description { get; init; }

    [JsonPropertyName("schema"), OneOf(typeof(FreeObject), typeof(bool)), Description("Of type json_schema.")]
    public object? Schema { get; init; }

    [JsonPropertyName("strict"),
        Description("Whether the schema must keep OpenAI's rules of strict schemas. Answers are valid either way.")]
    public bool? Strict { get; init; }

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
}

/// <summary>A function that the model may call.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ResponseTool(
    [property: JsonPropertyName("type"), OneOfTexts("function")] string Type,
    [property: JsonPropertyName("name"), MinLength(1), MaxLength(64), Description("Letters, digits, underscores and hyphens.")] string Name)
{
    [JsonPropertyName("description"), Description("What it does, for the model.")]
    public string? Description { get; init; }

    [JsonPropertyName("parameters"), Description("JSON schema of the arguments, of type object.")]
    public FreeObject? Parameters { get; init; }

    [JsonPropertyName("strict"),
        Description("Whether arguments are always valid under the schema, by OpenAI's rules of strict schemas. Default false.")]
    public bool? Strict { get; init; }

    [JsonPropertyName("output_schema"), Description("Accepted and ignored.")]
    public FreeObject? OutputSchema { get; init; }

    [JsonPropertyName("async"), Not(true), Description("Must not be true.")]
    public bool? Async { get; init; }

    [JsonPropertyName("defer_loading"), Not(true), Description("Must not be true.")]
    public bool? DeferLoading { get; init; }

    [JsonPropertyName("allowed_callers"), OneOf, Description("Not supported: only null is accepted.")]
    public object? AllowedCallers { get; init; }
}

/// <summary>Which functions may or must be called.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ResponseToolChoice([property: JsonPropertyName("type"), OneOfTexts("function", "allowed_tools")] string Type)
{
    [JsonPropertyName("name"), Description("Of type function: it must be called.")]
    public string? Name { get; init; }

    [JsonPropertyName("mode"), OneOfTexts("auto", "required"), Description("Of type allowed_tools.")]
    public string? Mode { get; init; }

    [JsonPropertyName("tools"), MinLength(1), Description("Of type allowed_tools: no other may be called.")]
    public IReadOnlyList<ResponseAllowedTool>? Tools { get; init; }
}

/// <summary>A function of the request.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ResponseAllowedTool(
    [property: JsonPropertyName("type"), OneOfTexts("function")] string Type, [property: JsonPropertyName("name")] string Name);

/// <summary>Hints about reasoning.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ResponseReasoningBody
{
    [JsonPropertyName("effort"), OneOfTexts("none", "minimal", "low", "medium", "high", "xhigh", "max")]
    public string? Effort { get; init; }

    [JsonPropertyName("summary"), OneOfTexts("auto", "concise", "detailed")]
    public string? Summary { get; init; }

    [JsonPropertyName("generate_summary"), OneOfTexts("auto", "concise", "detailed")]
    public string? GenerateSummary { get; init; }

    [JsonPropertyName("context"), OneOfTexts("auto", "current_turn", "all_turns")]
    public string? Context { get; init; }

    [JsonPropertyName("mode"), OneOfTexts("standard", "pro")]
    public string? Mode { get; init; }
}

/// <summary>A response. Beside what it answered it repeats the settings of its request.</summary>
public sealed record ResponseObjectBody(
    [property: JsonPropertyName("id")] string Id,
    [property: JsonPropertyName("object"), OneOfTexts("response")] string Object,
    [property: JsonPropertyName("created_at"), Description("Unix seconds.")] long CreatedAt,
    [property: JsonPropertyName("status"), OneOfTexts("completed", "failed", "in_progress", "cancelled", "queued", "incomplete")]
    string Status,
    [property: JsonPropertyName("model"), Description("The model's real name.")] string Model,
    [property: JsonPropertyName("output"), Description("One message, unless there are only calls, and then the calls of functions.")]
    IReadOnlyList<ResponseOutputItem> Output)
{
    [JsonPropertyName("background"), Description("Whether it runs, or ran, in the background.")]
    public bool? Background { get; init; }

    [JsonPropertyName("completed_at"), Description("Unix seconds; null unless it is completed.")]
    public long? CompletedAt { get; init; }

    [JsonPropertyName("error"), Description("Of a failed one.")]
    public FreeObject? Error { get; init; }

    [JsonPropertyName("incomplete_details"), Description("Of an incomplete one: its reason is max_output_tokens.")]
    public FreeObject? IncompleteDetails { get; init; }

    [JsonPropertyName("instructions")]
    public string? Instructions { get; init; }

    [JsonPropertyName("max_output_tokens"), Description("As it was applied: the model's own where the request has none.")]
    public long? MaxOutputTokens { get; init; }

    [JsonPropertyName("previous_response_id"), Description("The response whose conversation it continues.")]
    public string? PreviousResponseId { get; init; }

    [JsonPropertyName("store"), Description("Whether it is kept.")]
    public bool? Store { get; init; }

    [JsonPropertyName("tools")]
    public IReadOnlyList<FreeObject>? Tools { get; init; }

    [JsonPropertyName("metadata")]
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }

    [JsonPropertyName("usage"), Description("Null until it has ended.")]
    public ResponseUsageBody? Usage { get; init; }
}

/// <summary>An item of a response: a message, or a call of a function.</summary>
public sealed record ResponseOutputItem(
    [property: JsonPropertyName("id")] string Id,
    [property: JsonPropertyName("type"), OneOfTexts("message", "function_call")] string Type,
    [property: JsonPropertyName("status"), OneOfTexts("in_progress", "completed", "incomplete")] string Status)
{
    [JsonPropertyName("role"), OneOfTexts("assistant"), Description("Of a message.")]
    public string? Role { get; init; }

    [JsonPropertyName("content"), Description("Of a message: one part of type output_text; none while it is in progress.")]
    public IReadOnlyList<FreeObject>? Content { get; init; }

    [JsonPropertyName("call_id"), Description("Of a call; its result has the same.")]
    public string? CallId { get; init; }

    [JsonPropertyName("name"), Description("Of the function.")]
    public string? Name { get; init; }

    [JsonPropertyName("arguments"), Description("Of a call: JSON as a text.")]
    public string? Arguments { get; init; }
}

/// <summary>Tokens that a response used. The request is billed by them.</summary>
public sealed record ResponseUsageBody(
    [property: JsonPropertyName("input_tokens"), Description("Of the whole conversation.")] int InputTokens,
    [property: JsonPropertyName("input_tokens_details")] ResponseInputTokens InputTokensDetails,
    [property: JsonPropertyName("output_tokens")] int OutputTokens,
    [property: JsonPropertyName("output_tokens_details")] ResponseOutputTokens OutputTokensDetails,
    [property: JsonPropertyName("total_tokens")] int TotalTokens);

/// <summary>Parts of the input's tokens.</summary>
public sealed record ResponseInputTokens(
    [property: JsonPropertyName("cached_tokens"),
        Description("Those of a beginning that an earlier prompt of the organization had too. They have a price of their own.")]
    int CachedTokens,
    [property: JsonPropertyName("cache_write_tokens"), Description("0.")] int CacheWriteTokens);

/// <summary>Parts of the generated tokens.</summary>
public sealed record ResponseOutputTokens([property: JsonPropertyName("reasoning_tokens")] int ReasoningTokens);

/// <summary>Data of one event of a streamed response. Its type, which is the event's name too, says which members it has.</summary>
public sealed record ResponseEventBody(
    [property: JsonPropertyName("type"), OneOfTexts(
        "response.created", "response.in_progress", "response.output_item.added", "response.content_part.added",
        "response.output_text.delta", "response.output_text.done", "response.content_part.done",
        "response.function_call_arguments.delta", "response.function_call_arguments.done", "response.output_item.done",
        "response.completed", "response.incomplete", "response.failed", "error")] string Type,
    [property: JsonPropertyName("sequence_number"), Description("From 0, without gaps.")] int SequenceNumber)
{
    [JsonPropertyName("response"), Description("Of the first two events and of the last one.")]
    public ResponseObjectBody? Response { get; init; }

    [JsonPropertyName("output_index"), Description("Place of the item in the output.")]
    public int? OutputIndex { get; init; }

    [JsonPropertyName("item_id")]
    public string? ItemId { get; init; }

    [JsonPropertyName("item")]
    public ResponseOutputItem? Item { get; init; }

    [JsonPropertyName("content_index"), Description("0.")]
    public int? ContentIndex { get; init; }

    [JsonPropertyName("part")]
    public FreeObject? Part { get; init; }

    [JsonPropertyName("delta"), Description("More of the text, or of the arguments.")]
    public string? Delta { get; init; }

    [JsonPropertyName("text"), Description("The whole text.")]
    public string? Text { get; init; }

    [JsonPropertyName("arguments"), Description("The whole arguments.")]
    public string? Arguments { get; init; }

    [JsonPropertyName("logprobs"), Description("Those of the text; empty unless they were asked for.")]
    public IReadOnlyList<FreeObject>? Logprobs { get; init; }

    [JsonPropertyName("code"), Description("Of an error.")]
    public string? Code { get; init; }

    [JsonPropertyName("message"), Description("Of an error.")]
    public string? Message { get; init; }

    [JsonPropertyName("param"), Description("Of an error.")]
    public string? Param { get; init; }
}

/// <summary>Answer of <c>DELETE /v1/responses/{response}</c>.</summary>
public sealed record ResponseDeletedBody(
    [property: JsonPropertyName("id")] string Id,
    [property: JsonPropertyName("object"), OneOfTexts("response")] string Object,
    [property: JsonPropertyName("deleted")] bool Deleted);

/// <summary>Answer of <c>GET /v1/responses/{response}/input_items</c>.</summary>
public sealed record ResponseItemListBody(
    [property: JsonPropertyName("object"), OneOfTexts("list")] string Object,
    [property: JsonPropertyName("data")] IReadOnlyList<FreeObject> Data,
    [property: JsonPropertyName("first_id")] string? FirstId,
    [property: JsonPropertyName("last_id"), Description("What after takes for the next page.")] string? LastId,
    [property: JsonPropertyName("has_more")] bool HasMore);

/// <summary>Examples of the endpoint's bodies.</summary>
internal static class ResponseExamples
{
    public const string Id = "resp_0195aaaa00007000800000000000000d";

    public static readonly BodyExample Question = new(
        "question",
        """
        {"model":"tiny-assistant","input":"What is the capital of France?","temperature":0,"max_output_tokens":40}
        """);

    public static readonly BodyExample NextQuestion = new(
        "next",
        $$"""
        {"model":"tiny-assistant","previous_response_id":"{{Id}}","instructions":"Answer briefly.",
        "input":[{"role":"user","content":[{"type":"input_text","text":"And of Italy?"}]}],"stream":true}
        """);

    private const string Message =
        """
        {"id":"msg_0195aaaa00007000800000000000000do0","type":"message","status":"completed","role":"assistant",
        "content":[{"type":"output_text","annotations":[],"logprobs":[],"text":"Paris."}]}
        """;

    public static readonly BodyExample Response = new("response", Of("completed", Message, "1790000001", Usage));

    public static readonly BodyExample Events = new(
        "events",
        string.Concat(
            Event(0, 0, "response.created", $"\"response\":{Of("in_progress", "", "null", "null")}"),
            Event(0, 1, "response.in_progress", $"\"response\":{Of("in_progress", "", "null", "null")}"),
            Event(0, 2, "response.output_item.added", $"\"output_index\":0,\"item\":{InProgress}"),
            Event(
                0, 3, "response.content_part.added",
                $$"""{{Place}},"part":{"type":"output_text","annotations":[],"logprobs":[],"text":""}"""),
            Event(2, 4, "response.output_text.delta", $"{Place},\"delta\":\"Paris.\",\"logprobs\":[]"),
            Event(2, 5, "response.output_text.done", $"{Place},\"text\":\"Paris.\",\"logprobs\":[]"),
            Event(
                2, 6, "response.content_part.done",
                $$"""{{Place}},"part":{"type":"output_text","annotations":[],"logprobs":[],"text":"Paris."}"""),
            Event(2, 7, "response.output_item.done", $"\"output_index\":0,\"item\":{Message.ReplaceLineEndings("")}"),
            Event(2, 8, "response.completed", $"\"response\":{Of("completed", Message, "1790000001", Usage)}")));

    public static readonly BodyExample Deleted = new("deleted", $$"""{"id":"{{Id}}","object":"response","deleted":true}""");

    public static readonly BodyExample Items = new(
        "items",
        """
        {"object":"list","data":[{"id":"msg_0195aaaa00007000800000000000002d","type":"message","role":"user",
        "content":[{"type":"input_text","text":"Say hello."}]}],"first_id":"msg_0195aaaa00007000800000000000002d",
        "last_id":"msg_0195aaaa00007000800000000000002d","has_more":false}
        """);

    private const string InProgress =
        """{"id":"msg_0195aaaa00007000800000000000000do0","type":"message","status":"in_progress","role":"assistant","content":[]}""";

    private const string Place = """ "item_id":"msg_0195aaaa00007000800000000000000do0","output_index":0,"content_index":0""";

    private const string Usage =
        """
        {"input_tokens":21,"input_tokens_details":{"cached_tokens":0,"cache_write_tokens":0},"output_tokens":2,
        "output_tokens_details":{"reasoning_tokens":0},"total_tokens":23}
        """;

    private static readonly OpenApiParameter Include = Parameter(
        "include[]", "Accepted: what was kept of a response is always shown whole.",
        new OpenApiSchema { Type = JsonSchemaType.Array, Items = new OpenApiSchema { Type = JsonSchemaType.String } });

    /// <summary>Query of <c>GET /v1/responses/{response}</c>.</summary>
    public static readonly IReadOnlyList<OpenApiParameter> RetrieveParameters =
    [
        Include,
        Parameter("stream", "Only false.", new OpenApiSchema { Type = JsonSchemaType.Boolean }),
        Parameter(
            "starting_after", "Accepted and ignored: it is for streams.",
            new OpenApiSchema { Type = JsonSchemaType.Integer, Minimum = "0" }),
        Parameter(
            "include_obfuscation", "Accepted and ignored: it is for streams.", new OpenApiSchema { Type = JsonSchemaType.Boolean }),
    ];

    /// <summary>Query of <c>GET /v1/responses/{response}/input_items</c>.</summary>
    public static readonly IReadOnlyList<OpenApiParameter> ListParameters =
    [
        Parameter("after", "The list continues behind the item of this id.", new OpenApiSchema { Type = JsonSchemaType.String }),
        Parameter(
            "limit", "Most items. Default 20.", new OpenApiSchema { Type = JsonSchemaType.Integer, Minimum = "1", Maximum = "100" }),
        Parameter(
            "order", "Default desc, the newest first.",
            new OpenApiSchema { Type = JsonSchemaType.String, Enum = ["asc", "desc"] }),
        Include,
    ];

    private static string Of(string status, string output, string completedAt, string usage) =>
        $$"""
        {"id":"{{Id}}","object":"response","created_at":1790000000,"status":"{{status}}","background":false,"completed_at":{{completedAt}},
        "error":null,"incomplete_details":null,"instructions":null,"max_output_tokens":40,"max_tool_calls":null,"model":"tiny-assistant",
        "output":[{{output}}],"parallel_tool_calls":true,"previous_response_id":null,"conversation":null,"prompt":null,"moderation":null,
        "access_programs":null,"prompt_cache_key":null,"prompt_cache_retention":null,"reasoning":{"effort":null,"summary":null},
        "safety_identifier":null,"service_tier":"default","store":true,"temperature":0,
        "text":{"format":{"type":"text"},"verbosity":"medium"},"tool_choice":"auto","tools":[],"top_logprobs":0,"top_p":1,
        "truncation":"disabled","user":null,"metadata":{},"usage":{{usage}}}
        """;

    private static string Event(int tokens, int number, string type, string members) =>
        $"id: {tokens}\nevent: {type}\ndata: {{\"type\":\"{type}\",\"sequence_number\":{number},{members.ReplaceLineEndings("")}}}\n\n";

    private static OpenApiParameter Parameter(string name, string description, OpenApiSchema schema) =>
        new() { Name = name, In = ParameterLocation.Query, Description = description, Schema = schema };
}
