using System.Text.Json;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Contracts.Anthropic;

/// <summary>What a body says of the conversation itself.</summary>
/// <param name="Prefill">As <see cref="ConversationRequest.Prefill"/>.</param>
/// <param name="ThinkingBudget"><c>thinking.budget_tokens</c>; null without it.</param>
internal readonly record struct ConversationParts(
    IReadOnlyList<ChatMessage> Messages, string? Prefill, ToolUse? Tools, OutputFormat? Format, PromptSize Size, long? ThinkingBudget);

/// <summary>Reads the members that the requests of this wire share: all that the prompt depends on.</summary>
internal struct MessagesMembers
{
    /// <summary>The member with the format of the answer.</summary>
    public const string FormatMember = "output_config.format";

    /// <summary>Names of the members, refused ones too.</summary>
    public static readonly IReadOnlyList<string> Names =
    [
        "messages", "model", "system", "tools", "tool_choice", "thinking", "output_config", "output_format", "cache_control", "speed",
        "user_profile_id", "workspace_id", "context_management", "mcp_servers",
    ];

    internal static readonly MemberNames OutputNames = new("effort", "format");
    internal static readonly MemberNames FormatNames = new("type", "schema", "name");

    private MessageTexts _messages = new();
    private MessagesTools _tools = new();
    private string? _system;
    private OutputFormat? _format;
    private long? _thinkingBudget;

    /// <summary>Model, stream and positions in the body.</summary>
    public SharedMembers Shared = new();

    public MessagesMembers()
    {
    }

    /// <summary>Reads a member that is not null.</summary>
    public bool Read(ref RequestReader reader, string name)
    {
        switch (name)
        {
            case "messages":
                return _messages.Read(ref reader);
            case "model":
                return Shared.Read(ref reader, name);
            case "system":
                return _messages.ReadSystem(ref reader, out _system);
            case "tools":
                return _tools.Read(ref reader);
            case "tool_choice":
                return _tools.ReadChoice(ref reader);
            case "thinking":
                return MessagesHints.ReadThinking(ref reader, out _thinkingBudget);
            case "output_config":
                return ReadOutput(ref reader);
            case "output_format":
                return ReadFormat(ref reader);
            default:
                return MessagesHints.Read(ref reader, name);
        }
    }

    /// <summary>Puts together what was read; false after an error.</summary>
    public bool TryFinish(ref RequestReader reader, out ConversationParts parts)
    {
        parts = default;
        if (!Shared.Check(ref reader, modelRequired: true)
            || !_messages.TryFinish(ref reader, _system, out var messages, out var prefill)
            || !_tools.TryBuild(ref reader, out var tools))
        {
            return false;
        }

        if (prefill is not null && (_format is not null || tools?.Required == true))
        {
            // What is given already would not count in what the rest of the answer must be.
            return reader.Fail(OpenAiError.UnsupportedParameter(
                _messages.LastMember, $"cannot begin the answer beside '{(_format is not null ? FormatMember : "tool_choice")}'"));
        }

        var size = new PromptSize(_messages.Utf8Bytes, 0, messages.Count + (prefill is null ? 0 : 1), 1)
        {
            Tools = tools?.Definitions.Count ?? 0,
            ToolUtf8Bytes = tools is null ? 0 : _tools.Utf8Bytes,
            Calls = _messages.Calls,
        };
        parts = new ConversationParts(messages, prefill, tools, _format, size, _thinkingBudget);
        return true;
    }

    private bool ReadOutput(ref RequestReader reader)
    {
        if (!reader.EnterObject())
        {
            return false;
        }

        var seen = UInt128.Zero;
        while (reader.NextMember(OutputNames, ref seen, out var name))
        {
            if (!reader.IsNull && !(name == "format"
                ? ReadFormat(ref reader) : MessagesHints.ReadOneOf(ref reader, "low", "medium", "high", "xhigh", "max")))
            {
                return false;
            }
        }

        return reader.Error is null;
    }

    /// <summary>Reads what the answer's text must be. The older member and the newer one say the same, so only one may.</summary>
    private bool ReadFormat(ref RequestReader reader)
    {
        if (_format is not null)
        {
            return reader.Fail(OpenAiError.InvalidValue(reader.PathText(), $"one of 'output_format' and '{FormatMember}'"));
        }

        if (!reader.EnterObject())
        {
            return false;
        }

        var (seen, isTyped) = (UInt128.Zero, false);
        JsonElement? schema = null;
        string? title = null;
        while (reader.NextMember(FormatNames, ref seen, out var name))
        {
            if (reader.IsNull)
            {
                continue;
            }

            switch (name)
            {
                case "type" when reader.Is("json_schema"u8):
                    isTyped = true;
                    break;
                case "type":
                    return reader.Kind == JsonTokenType.String ? reader.FailValue("'json_schema'") : reader.FailType("a string");
                case "name":
                    if (!reader.ReadString(out title))
                    {
                        return false;
                    }

                    break;
                default:
                    if (reader.Kind != JsonTokenType.StartObject)
                    {
                        return reader.FailType("an object");
                    }

                    if (!reader.ReadJson(out var read))
                    {
                        return false;
                    }

                    schema = read;
                    break;
            }
        }

        if (reader.Error is not null)
        {
            return false;
        }

        if (!isTyped || schema is null)
        {
            return reader.FailMissing(isTyped ? "schema" : "type");
        }

        // The answer is always valid under the schema. OpenAI's rules of strict schemas are others than Anthropic's, which lets
        // properties be left out.
        _format = new OutputFormat.Schema(title, schema.Value, Strict: false, reader.Below("schema"));
        return true;
    }
}
