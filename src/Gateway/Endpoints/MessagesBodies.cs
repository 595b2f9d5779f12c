using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using Tollgate.Gateway.OpenApi;

namespace Tollgate.Gateway.Endpoints;

/// <summary>What both requests of Anthropic's wire have. A member with the value null counts as absent.</summary>
public abstract record MessagesConversationBody
{
    [JsonPropertyName("system"), OneOf(typeof(string), typeof(IReadOnlyList<MessagesTextBlock>)),
        Description("What the model is told before the conversation.")]
    public object? System { get; init; }

    [JsonPropertyName("tools"), MaxLength(128), Description("Tools that the model may call. They run at the client.")]
    public IReadOnlyList<MessagesTool>? Tools { get; init; }

    [JsonPropertyName("tool_choice"), Description("Whether tools are called. Default: the model decides.")]
    public MessagesToolChoice? ToolChoice { get; init; }

    [JsonPropertyName("thinking"), Description("Accepted and ignored: the models here answer as they were trained.")]
    public MessagesThinking? Thinking { get; init; }

    [JsonPropertyName("output_config"), Description("What the answer's text must be.")]
    public MessagesOutputConfig? OutputConfig { get; init; }

    [JsonPropertyName("output_format"), Description("Older place of output_config.format.")]
    public MessagesOutputFormat? OutputFormat { get; init; }

    [JsonPropertyName("cache_control"), Description("Accepted and ignored.")]
    public MessagesCacheControl? CacheControl { get; init; }

    [JsonPropertyName("speed"), OneOfTexts("standard"), Description("There is one speed.")]
    public string? Speed { get; init; }

    [JsonPropertyName("user_profile_id"), Description("Accepted and ignored.")]
    public string? UserProfileId { get; init; }

    [JsonPropertyName("workspace_id"), OneOf, Description("Not supported: only null is accepted.")]
    public object? WorkspaceId { get; init; }

    [JsonPropertyName("context_management"), OneOf, Description("Not supported: only null is accepted.")]
    public object? ContextManagement { get; init; }

    [JsonPropertyName("mcp_servers"), MaxLength(0), Description("Must be empty: tools run at the client.")]
    public IReadOnlyList<FreeObject>? McpServers { get; init; }
}

/// <summary>Body of <c>POST /v1/messages</c>.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record MessagesRequestBody(
    [property: JsonPropertyName("model"), MinLength(1), MaxLength(256), Description("A model's name or an alias, see GET /v1/models.")]
    string Model,
    [property: JsonPropertyName("max_tokens"), Range(1, int.MaxValue), Description("Most tokens to generate.")] int MaxTokens,
    [property: JsonPropertyName("messages"), MinLength(1),
        Description("Messages of one role in a row are one turn. The answer continues a message of the assistant at the end.")]
    IReadOnlyList<MessagesMessage> Messages)
    : MessagesConversationBody
{
    [JsonPropertyName("stream"), Description("Answers as server-sent events that end with message_stop. Default false.")]
    public bool? Stream { get; init; }

    [JsonPropertyName("stop_sequences"), MaxLength(64), Description("Texts before which generation ends; none of white space alone.")]
    public IReadOnlyList<string>? StopSequences { get; init; }

    [JsonPropertyName("temperature"), Range(0.0, 1.0), Description("0 takes the most likely token. Default 1.")]
    public double? Temperature { get; init; }

    [JsonPropertyName("top_p"), Range(0.0, 1.0), Description("Probability mass from which tokens are taken. Default 1.")]
    public double? TopP { get; init; }

    [JsonPropertyName("top_k"), Range(0, int.MaxValue), Description("Most likely tokens from which one is taken. Default 0, all.")]
    public int? TopK { get; init; }

    [JsonPropertyName("metadata"), Description("Accepted and ignored.")]
    public MessagesMetadata? Metadata { get; init; }

    [JsonPropertyName("service_tier"), OneOfTexts("auto", "standard_only"), Description("There is one tier.")]
    public string? ServiceTier { get; init; }

    [JsonPropertyName("diagnostics"), Description("Accepted and ignored.")]
    public FreeObject? Diagnostics { get; init; }

    [JsonPropertyName("container"), OneOf, Description("Not supported: only null is accepted.")]
    public object? Container { get; init; }

    [JsonPropertyName("thread"), OneOf, Description("Not supported: only null is accepted. Clients then send the conversation whole.")]
    public object? Thread { get; init; }

    [JsonPropertyName("inference_geo"), OneOf, Description("Not supported: only null is accepted.")]
    public object? InferenceGeo { get; init; }
}

/// <summary>Body of <c>POST /v1/messages/count_tokens</c>.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record CountTokensRequestBody(
    [property: JsonPropertyName("model"), MinLength(1), MaxLength(256), Description("A model's name or an alias, see GET /v1/models.")]
    string Model,
    [property: JsonPropertyName("messages"), MinLength(1)] IReadOnlyList<MessagesMessage> Messages)
    : MessagesConversationBody;

/// <summary>One message of a conversation.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record MessagesMessage(
    [property: JsonPropertyName("role"), OneOfTexts("user", "assistant", "system")] string Role,
    [property: JsonPropertyName("content"), OneOf(typeof(string), typeof(IReadOnlyList<MessagesBlock>)),
        Description("A text, or blocks. Only an assistant's may be empty.")]
    object Content);

/// <summary>A block of a message. Pictures, documents and blocks of tools that run at Anthropic are refused by name.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record MessagesBlock(
    [property: JsonPropertyName("type"), OneOfTexts("text", "tool_use", "tool_result", "thinking", "redacted_thinking")] string Type)
{
    [JsonPropertyName("text"), Description("Of type text.")]
    public string? Text { get; init; }

    [JsonPropertyName("citations"), Description("Accepted and ignored, so that an answer's block can be sent back.")]
    public IReadOnlyList<FreeObject>? Citations { get; init; }

    [JsonPropertyName("id"), MinLength(1), MaxLength(256), Description("Of type tool_use: no two have the same.")]
    public string? Id { get; init; }

    [JsonPropertyName("name"), MinLength(1), MaxLength(64), Description("Of type tool_use: the tool.")]
    public string? Name { get; init; }

    [JsonPropertyName("input"), Description("Of type tool_use: what the tool was called with.")]
    public FreeObject? Input { get; init; }

    [JsonPropertyName("caller"), Description("Of type tool_use: {\"type\": \"direct\"}.")]
    public FreeObject? Caller { get; init; }

    [JsonPropertyName("tool_use_id"), MinLength(1), MaxLength(256), Description("Of type tool_result: id of an earlier tool_use.")]
    public string? ToolUseId { get; init; }

    [JsonPropertyName("content"), OneOf(typeof(string), typeof(IReadOnlyList<MessagesTextBlock>)),
        Description("Of type tool_result: what the tool gave.")]
    public object? Content { get; init; }

    [JsonPropertyName("is_error"), Description("Of type tool_result: whether the tool failed. The model then reads \"Error: \" before it.")]
    public bool? IsError { get; init; }

    [JsonPropertyName("thinking"), Description("Of type thinking. Left out of the prompt.")]
    public string? Thinking { get; init; }

    [JsonPropertyName("signature"), Description("Of type thinking. Accepted and ignored.")]
    public string? Signature { get; init; }

    [JsonPropertyName("data"), Description("Of type redacted_thinking. Left out of the prompt.")]
    public string? Data { get; init; }

    [JsonPropertyName("cache_control"), Description("Accepted and ignored.")]
    public MessagesCacheControl? CacheControl { get; init; }

    [JsonPropertyName("toolset_name"), OneOf, Description("Not supported: only null is accepted.")]
    public object? ToolsetName { get; init; }
}

/// <summary>A text.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record MessagesTextBlock(
    [property: JsonPropertyName("type"), OneOfTexts("text")] string Type, [property: JsonPropertyName("text")] string Text)
{
    [JsonPropertyName("citations"), Description("Accepted and ignored.")]
    public IReadOnlyList<FreeObject>? Citations { get; init; }

    [JsonPropertyName("cache_control"), Description("Accepted and ignored.")]
    public MessagesCacheControl? CacheControl { get; init; }
}

/// <summary>A tool that the model may call.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record MessagesTool(
    [property: JsonPropertyName("name"), MinLength(1), MaxLength(64), RegularExpression("^[A-Za-z0-9_-]+$")] string Name,
    [property: JsonPropertyName("input_schema"), Description("JSON schema of the input, an object.")] FreeObject InputSchema)
{
    [JsonPropertyName("type"), OneOfTexts("custom"), Description("Tools that run at Anthropic are refused by name.")]
    public string? Type { get; init; }

    [JsonPropertyName("description")]
    public string? Description { get; init; }

    [JsonPropertyName("strict"), Description("Whether inputs must be valid under the schema. Default false.")]
    public bool? Strict { get; init; }

    [JsonPropertyName("cache_control"), Description("Accepted and ignored.")]
    public MessagesCacheControl? CacheControl { get; init; }

    [JsonPropertyName("allowed_callers"), OneOfTexts("direct"), Description("No code runs here.")]
    public IReadOnlyList<string>? AllowedCallers { get; init; }

    [JsonPropertyName("defer_loading"), Not(true), Description("Must not be true: the model is shown all tools.")]
    public bool? DeferLoading { get; init; }

    [JsonPropertyName("eager_input_streaming"), Description("Accepted and ignored.")]
    public bool? EagerInputStreaming { get; init; }

    [JsonPropertyName("input_examples"), Description("Accepted and ignored.")]
    public IReadOnlyList<FreeObject>? InputExamples { get; init; }
}

/// <summary>How tools are called.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record MessagesToolChoice([property: JsonPropertyName("type"), OneOfTexts("auto", "any", "tool", "none")] string Type)
{
    [JsonPropertyName("name"), Description("Of type tool: the one to call.")]
    public string? Name { get; init; }

    [JsonPropertyName("disable_parallel_tool_use"), Description("Whether an answer has at most one call. Default false.")]
    public bool? DisableParallelToolUse { get; init; }
}

/// <summary>How much the model shall think.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record MessagesThinking(
    [property: JsonPropertyName("type"), OneOfTexts("enabled", "disabled", "adaptive", "between_tools")] string Type)
{
    [JsonPropertyName("budget_tokens"), Range(1024, int.MaxValue), Description("Only of type enabled, below max_tokens.")]
    public int? BudgetTokens { get; init; }

    [JsonPropertyName("display"), OneOfTexts("summarized", "omitted"), Description("Accepted and ignored.")]
    public string? Display { get; init; }
}

/// <summary>Settings of the answer.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record MessagesOutputConfig
{
    [JsonPropertyName("effort"), OneOfTexts("low", "medium", "high", "xhigh", "max"), Description("Accepted and ignored.")]
    public string? Effort { get; init; }

    [JsonPropertyName("format")]
    public MessagesOutputFormat? Format { get; init; }
}

/// <summary>What the answer's text must be: JSON that is valid under a schema.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record MessagesOutputFormat(
    [property: JsonPropertyName("type"), OneOfTexts("json_schema")] string Type,
    [property: JsonPropertyName("schema")] FreeObject Schema)
{
    [JsonPropertyName("name"), Description("Accepted and ignored.")]
    public string? Name { get; init; }
}

/// <summary>A mark of what may be kept for later requests.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record MessagesCacheControl([property: JsonPropertyName("type"), OneOfTexts("ephemeral")] string Type)
{
    [JsonPropertyName("ttl"), OneOfTexts("5m", "1h")]
    public string? Ttl { get; init; }
}

/// <summary>Metadata of a request.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record MessagesMetadata
{
    [JsonPropertyName("user_id"), MaxLength(256), Description("Your own name of the end user.")]
    public string? UserId { get; init; }
}

/// <summary>Answer of <c>POST /v1/messages</c>.</summary>
public sealed record MessageBody(
    [property: JsonPropertyName("id")] string Id,
    [property: JsonPropertyName("type"), OneOfTexts("message")] string Type,
    [property: JsonPropertyName("role"), OneOfTexts("assistant")] string Role,
    [property: JsonPropertyName("model"), Description("The model's real name.")] string Model,
    [property: JsonPropertyName("container"), OneOf] object? Container,
    [property: JsonPropertyName("diagnostics"), OneOf] object? Diagnostics,
    [property: JsonPropertyName("content"), Description("Texts and calls; empty where the model wrote nothing.")]
    IReadOnlyList<MessageAnswerBlock> Content,
    [property: JsonPropertyName("stop_reason"), OneOfTexts("end_turn", "max_tokens", "stop_sequence", "tool_use")] string? StopReason,
    [property: JsonPropertyName("stop_sequence"), Description("The text before which generation ended.")] string? StopSequence,
    [property: JsonPropertyName("stop_details"), OneOf] object? StopDetails,
    [property: JsonPropertyName("usage")] MessageUsage Usage);

/// <summary>A block of an answer.</summary>
public sealed record MessageAnswerBlock([property: JsonPropertyName("type"), OneOfTexts("text", "tool_use")] string Type)
{
    [JsonPropertyName("text")]
    public string? Text { get; init; }

    [JsonPropertyName("citations"), OneOf]
    public object? Citations { get; init; }

    [JsonPropertyName("id"), Description("Of type tool_use: tool_result names it.")]
    public string? Id { get; init; }

    [JsonPropertyName("name")]
    public string? Name { get; init; }

    [JsonPropertyName("input")]
    public FreeObject? Input { get; init; }

    [JsonPropertyName("caller")]
    public FreeObject? Caller { get; init; }
}

/// <summary>Tokens that a request used. The request is billed by them.</summary>
public sealed record MessageUsage(
    [property: JsonPropertyName("input_tokens"), Description("Without those read from a cache.")] int InputTokens,
    [property: JsonPropertyName("cache_creation_input_tokens")] int CacheCreationInputTokens,
    [property: JsonPropertyName("cache_read_input_tokens"),
        Description("Those of a beginning that an earlier prompt of the organization had too. They have a price of their own.")]
    int CacheReadInputTokens,
    [property: JsonPropertyName("output_tokens"), Description("All so far: never those since an earlier event.")] int OutputTokens)
{
    [JsonPropertyName("cache_creation")]
    public FreeObject? CacheCreation { get; init; }

    [JsonPropertyName("output_tokens_details"), OneOf]
    public object? OutputTokensDetails { get; init; }

    [JsonPropertyName("server_tool_use"), OneOf]
    public object? ServerToolUse { get; init; }

    [JsonPropertyName("inference_geo"), OneOf]
    public object? InferenceGeo { get; init; }

    [JsonPropertyName("service_tier"), OneOfTexts("standard")]
    public string? ServiceTier { get; init; }

    [JsonPropertyName("speed"), OneOf]
    public object? Speed { get; init; }
}

/// <summary>Data of one event of a streamed answer. The event's name is its type.</summary>
public sealed record MessageEvent(
    [property: JsonPropertyName("type"), OneOfTexts(
        "message_start", "content_block_start", "content_block_delta", "content_block_stop", "message_delta", "message_stop", "error")]
    string Type)
{
    [JsonPropertyName("message"), Description("Of message_start: the answer before its first block.")]
    public MessageBody? Message { get; init; }

    [JsonPropertyName("index"), Description("Of the block, from 0.")]
    public int? Index { get; init; }

    [JsonPropertyName("content_block"), Description("Of content_block_start.")]
    public MessageAnswerBlock? ContentBlock { get; init; }

    [JsonPropertyName("delta"), Description("Of content_block_delta and message_delta.")]
    public MessageDelta? Delta { get; init; }

    [JsonPropertyName("usage"), Description("Of message_delta: all tokens.")]
    public MessageUsage? Usage { get; init; }

    [JsonPropertyName("error"), Description("Of error, which ends the stream.")]
    public AnthropicErrorObject? Error { get; init; }

    [JsonPropertyName("request_id"), Description("Of error.")]
    public string? RequestId { get; init; }
}

/// <summary>What an event adds.</summary>
public sealed record MessageDelta
{
    [JsonPropertyName("type"), OneOfTexts("text_delta", "input_json_delta"), Description("Of content_block_delta.")]
    public string? Type { get; init; }

    [JsonPropertyName("text"), Description("Of text_delta.")]
    public string? Text { get; init; }

    [JsonPropertyName("partial_json"), Description("Of input_json_delta: more of the input's JSON text.")]
    public string? PartialJson { get; init; }

    [JsonPropertyName("container"), OneOf, Description("Of message_delta.")]
    public object? Container { get; init; }

    [JsonPropertyName("stop_reason"), OneOfTexts("end_turn", "max_tokens", "stop_sequence", "tool_use")]
    public string? StopReason { get; init; }

    [JsonPropertyName("stop_sequence")]
    public string? StopSequence { get; init; }

    [JsonPropertyName("stop_details"), OneOf]
    public object? StopDetails { get; init; }
}

/// <summary>Answer of <c>POST /v1/messages/count_tokens</c>.</summary>
public sealed record CountTokensBody([property: JsonPropertyName("input_tokens")] int InputTokens);

/// <summary>Body of an error to a client of Anthropic.</summary>
public sealed record AnthropicErrorBody(
    [property: JsonPropertyName("type"), OneOfTexts("error")] string Type,
    [property: JsonPropertyName("error")] AnthropicErrorObject Error,
    [property: JsonPropertyName("request_id"), Description("As in the header request-id.")] string RequestId);

/// <summary>What went wrong and what to do, as Anthropic's clients read it.</summary>
public sealed record AnthropicErrorObject(
    [property: JsonPropertyName("type"), Description("Kind of error, such as invalid_request_error.")] string Type,
    [property: JsonPropertyName("message")] string Message,
    [property: JsonPropertyName("details")] AnthropicErrorDetails Details);

/// <summary>The same for programs.</summary>
public sealed record AnthropicErrorDetails(
    [property: JsonPropertyName("error_code"), Description("Stable name of the error, such as model_not_found.")] string? ErrorCode,
    [property: JsonPropertyName("param"), Description("Member of the request at fault, such as messages[0].content[1].type.")]
    string? Param);

/// <summary>Examples of the endpoint's bodies.</summary>
internal static class MessagesExamples
{
    public static readonly BodyExample Question = new(
        "question",
        """
        {"model":"tiny-assistant","max_tokens":40,"system":"Answer briefly.",
        "messages":[{"role":"user","content":"What is the capital of France?"}]}
        """);

    public static readonly BodyExample StreamedQuestion = new(
        "streamed",
        """
        {"model":"tiny-assistant","max_tokens":40,"messages":[{"role":"user","content":[{"type":"text","text":"Tell me a story."}]}],
        "temperature":0.5,"stop_sequences":["THE END"],"stream":true}
        """);

    public static readonly BodyExample ToolResult = new(
        "tool_result",
        """
        {"model":"tiny-assistant","max_tokens":40,
        "tools":[{"name":"get_weather","description":"The weather of a city.","input_schema":{"type":"object","properties":
        {"city":{"type":"string"}},"required":["city"]}}],"tool_choice":{"type":"auto"},
        "messages":[{"role":"user","content":"What is the weather in Paris?"},
        {"role":"assistant","content":[{"type":"tool_use","id":"call_0195","name":"get_weather","input":{"city":"Paris"}}]},
        {"role":"user","content":[{"type":"tool_result","tool_use_id":"call_0195","content":"Rain, 12 degrees"}]}]}
        """);

    public static readonly BodyExample Answer = new("answer", $$"""
        {"id":"msg_0195aaaa00007000800000000000000b","type":"message","role":"assistant","model":"tiny-assistant","container":null,
        "diagnostics":null,"content":[{"type":"text","text":"The capital of France is Paris.","citations":null}],
        "stop_reason":"end_turn","stop_sequence":null,"stop_details":null,"usage":{{Usage(7)}}}
        """);

    public static readonly BodyExample Events = new(
        "events",
        string.Join(
            "\n\n",
            Event(
                0, "message_start",
                "\"message\":{\"id\":\"msg_0195aaaa00007000800000000000000b\",\"type\":\"message\",\"role\":\"assistant\","
                + "\"model\":\"tiny-assistant\",\"container\":null,\"diagnostics\":null,\"content\":[],\"stop_reason\":null,"
                + $"\"stop_sequence\":null,\"stop_details\":null,\"usage\":{Usage(0)}}}"),
            Event(1, "content_block_start", "\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\",\"citations\":null}"),
            Event(1, "content_block_delta", "\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"Paris\"}"),
            Event(1, "content_block_stop", "\"index\":0"),
            Event(1, "message_delta", $$"""
                "delta":{"container":null,"stop_reason":"end_turn","stop_sequence":null,"stop_details":null},"usage":{{Usage(1)}}
                """),
            "id: 1\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"));

    public static readonly BodyExample Count = new(
        "count", """{"model":"tiny-assistant","messages":[{"role":"user","content":"What is the capital of France?"}]}""");

    public static readonly BodyExample Counted = new("counted", """{"input_tokens":21}""");

    private static string Usage(int output) =>
        $$"""{"input_tokens":21,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":{{output}}}""";

    private static string Event(int tokens, string type, string members) =>
        $$"""
        id: {{tokens}}
        event: {{type}}
        data: {"type":"{{type}}",{{members}}}
        """;
}
