using System.Text.Json;

namespace Tollgate.Contracts.OpenAi;

/// <summary>A conversation to continue. Every wire of chats is read into this form, and what it holds means the same on all of
/// them.</summary>
public abstract record ConversationRequest : InferenceRequest
{
    /// <summary>At least one, in their order.</summary>
    public required IReadOnlyList<ChatMessage> Messages { get; init; }

    /// <summary>What the assistant has said of the answer already, which continues it; null for nothing. Never empty.</summary>
    public string? Prefill { get; init; }

    public required Sampling Sampling { get; init; }

    /// <summary>Functions that the model may call; null for none, also where the client forbids all calls.</summary>
    public ToolUse? Tools { get; init; }

    /// <summary>What the answer's text must be; null for free text.</summary>
    public OutputFormat? Format { get; init; }

    /// <summary>The member that is blamed for a conversation, such as <c>messages</c>.</summary>
    public virtual string MessagesMember => "messages";

    /// <summary>The member that is blamed for a format, such as <c>response_format</c>.</summary>
    public virtual string FormatMember => "response_format";

    public override int Choices => Sampling.N;

    public override long? MaxOutput => Sampling.MaxTokens;
}

/// <summary><c>POST /v1/chat/completions</c>.</summary>
public sealed partial record ChatRequest : ConversationRequest
{
    /// <summary><c>stream_options.include_usage</c>.</summary>
    public bool IncludeUsage { get; init; }

    /// <summary>Whether functions came by the older member <c>functions</c>: calls are then answered as <c>function_call</c>.</summary>
    public bool UsesFunctions { get; init; }

    public override string? CapMember => "max_completion_tokens";
}

/// <summary>One message of a conversation.</summary>
/// <param name="Role"><c>system</c>, <c>developer</c>, <c>user</c>, <c>assistant</c> or <c>tool</c>.</param>
/// <param name="Content">The text; text parts are concatenated without a separator. Empty where an assistant only calls functions.
/// </param>
/// <param name="Name">Who speaks; of role <c>tool</c> the function's name where the client states it.</param>
public sealed record ChatMessage(string Role, string Content, string? Name = null)
{
    /// <summary>Calls that the assistant made in this message. None for other roles.</summary>
    public IReadOnlyList<ToolCall> Calls { get; init; } = [];

    /// <summary>The call whose result the message of role <c>tool</c> holds; null for other roles and older functions.</summary>
    public string? CallId { get; init; }
}

/// <summary>A call of a function that a model made.</summary>
/// <param name="Id">Such as <c>call_…</c>. Never empty.</param>
/// <param name="Name">The function.</param>
/// <param name="Arguments">JSON text, as the model wrote it: it may be no JSON.</param>
public sealed record ToolCall(string Id, string Name, string Arguments);

/// <summary>A function that a model may call.</summary>
/// <param name="Name">1 to 64 letters, digits, underscores and hyphens.</param>
/// <param name="Parameters">JSON schema of the arguments, an object; null for a function without any.</param>
/// <param name="Strict">Whether the arguments must be valid under the schema, by OpenAI's rules of strict schemas.</param>
public sealed record ToolDefinition(string Name, string? Description, JsonElement? Parameters, bool Strict)
{
    /// <summary>The member with the schema, such as <c>tools[0].function.parameters</c>, for errors.</summary>
    public string Member { get; init; } = "tools";
}

/// <summary>The functions of a conversation, and how they may be called.</summary>
/// <param name="Definitions">All that the model is shown; at least one.</param>
public sealed record ToolUse(IReadOnlyList<ToolDefinition> Definitions)
{
    /// <summary>Whether the answer must be a call. Else the model decides.</summary>
    public bool Required { get; init; }

    /// <summary>The functions that may be called, of <see cref="Definitions"/>; at least one.</summary>
    public IReadOnlyList<ToolDefinition> Callable { get; init; } = Definitions;

    /// <summary>Whether one answer may have several calls. Default true.</summary>
    public bool Parallel { get; init; } = true;
}

/// <summary>What the text of an answer must be.</summary>
public abstract record OutputFormat
{
    private OutputFormat()
    {
    }

    /// <summary>Any JSON object.</summary>
    public sealed record AnyObject : OutputFormat;

    /// <summary>JSON that is valid under a schema.</summary>
    /// <param name="Name">Null where the client gives none.</param>
    /// <param name="Strict">Whether the schema must keep OpenAI's rules of strict schemas.</param>
    /// <param name="Member">The member with the schema, such as <c>response_format.json_schema.schema</c>, for errors.</param>
    public sealed record Schema(string? Name, JsonElement Value, bool Strict, string Member) : OutputFormat;

    /// <summary>A text that matches a regular expression as a whole.</summary>
    /// <param name="Member">The member with the pattern, for errors.</param>
    public sealed record Pattern(string Expression, string Member) : OutputFormat;

    /// <summary>A text of a grammar.</summary>
    /// <param name="Member">The member with the grammar, for errors.</param>
    public sealed record Rules(string Text, GrammarSyntax Syntax, string Member) : OutputFormat;

    /// <summary>One of some texts.</summary>
    /// <param name="Texts">At least one, none empty.</param>
    /// <param name="Member">The member with the texts, for errors.</param>
    public sealed record OneOf(IReadOnlyList<string> Texts, string Member) : OutputFormat;
}

/// <summary>How a grammar is written.</summary>
public enum GrammarSyntax
{
    /// <summary>The language of llama.cpp: <c>root ::= "yes" | "no"</c>.</summary>
    Gbnf = 1,

    /// <summary>The language of the parser generator Lark: <c>start: "yes" | "no"</c>.</summary>
    Lark = 2,
}
