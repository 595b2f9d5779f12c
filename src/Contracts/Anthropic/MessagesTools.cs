using System.Text.Json;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Contracts.Anthropic;

/// <summary>Reads which tools there are and how they may be called.</summary>
internal struct MessagesTools
{
    private const string RunsAtClient = "can only be 'custom' here: tools run at the client";

    internal static readonly MemberNames ToolNames = new(
        "type", "name", "description", "input_schema", "strict", "cache_control", "allowed_callers", "defer_loading",
        "eager_input_streaming", "input_examples",

        // Of tools that run at Anthropic.
        "max_uses", "allowed_domains", "blocked_domains", "user_location", "citations", "max_content_tokens", "max_characters",
        "display_width_px", "display_height_px", "display_number", "enable_zoom", "use_cache", "response_inclusion", "configs",
        "default_config", "mcp_server_name");

    internal static readonly MemberNames ChoiceNames = new("type", "name", "disable_parallel_tool_use");

    private ToolTable _table = new();
    private ToolChoice _choice;
    private bool _parallel = true;

    public MessagesTools()
    {
    }

    /// <summary>Bytes of names, descriptions and schemas, as the client wrote them.</summary>
    public readonly long Utf8Bytes => _table.Utf8Bytes;

    /// <summary>What was read; false after an error.</summary>
    public readonly bool TryBuild(ref RequestReader reader, out ToolUse? tools) =>
        _table.TryBuild(ref reader, _choice, _parallel, out tools);

    public bool Read(ref RequestReader reader)
    {
        if (!reader.EnterArray())
        {
            return false;
        }

        while (reader.NextElement())
        {
            if (!ReadTool(ref reader))
            {
                return false;
            }
        }

        return reader.Error is null;
    }

    public bool ReadChoice(ref RequestReader reader)
    {
        if (!reader.EnterObject())
        {
            return false;
        }

        var (seen, oneAtATime) = (UInt128.Zero, false);
        var (type, called) = ((string?)null, (string?)null);
        while (reader.NextMember(ChoiceNames, ref seen, out var name))
        {
            if (reader.IsNull)
            {
                continue;
            }

            if (!(name switch
            {
                "type" => MessagesHints.ReadOneOf(ref reader, "auto", "any", "tool", "none") && reader.ReadString(out type),
                "name" => reader.ReadString(out called),
                _ => reader.ReadBoolean(out oneAtATime),
            }))
            {
                return false;
            }
        }

        if (reader.Error is not null)
        {
            return false;
        }

        if (type is null || (type == "tool" && called is null))
        {
            return reader.FailMissing(type is null ? "type" : "name");
        }

        if (type != "tool" && called is not null)
        {
            return reader.Fail(OpenAiError.InvalidValue(reader.Below("name"), $"no name beside the type '{type}'"));
        }

        _parallel = !oneAtATime;
        _choice = type switch
        {
            "none" => new ToolChoice(ToolMode.None, "tool_choice"),
            "any" => new ToolChoice(ToolMode.Required, "tool_choice"),
            "tool" => new ToolChoice(ToolMode.Required, "tool_choice.name", [called!]),
            _ => new ToolChoice(ToolMode.Auto, "tool_choice"),
        };
        return true;
    }

    private bool ReadTool(ref RequestReader reader)
    {
        if (!reader.EnterObject())
        {
            return false;
        }

        var (seen, draft) = (UInt128.Zero, new ToolDraft());
        string? unknown = null;
        while (reader.NextMember(ToolNames, ref seen, out var name))
        {
            if (!reader.IsNull && !ReadMember(ref reader, name, ref draft, ref unknown))
            {
                return false;
            }
        }

        if (reader.Error is not null)
        {
            return false;
        }

        return unknown is not null ? reader.Fail(OpenAiError.UnknownParameter(reader.Below(unknown)))
            : draft.Name is not null && draft.Parameters is null ? reader.FailMissing("input_schema")
            : _table.Add(ref reader, "", draft);
    }

    /// <param name="unknown">The first member of a tool that runs at Anthropic. The type, which may follow, then explains it.</param>
    private static bool ReadMember(ref RequestReader reader, string name, ref ToolDraft draft, ref string? unknown)
    {
        switch (name)
        {
            case "type":
                return reader.Is("custom"u8)
                    || (reader.Kind == JsonTokenType.String ? reader.FailUnsupported(RunsAtClient) : reader.FailType("a string"));
            case "name":
                return draft.ReadName(ref reader);
            case "description":
                return draft.ReadDescription(ref reader);
            case "input_schema":
                return draft.ReadParameters(ref reader, name);
            case "strict":
                return draft.ReadStrict(ref reader);
            case "cache_control":
                return MessagesHints.ReadCacheControl(ref reader);
            case "eager_input_streaming":
                return reader.ReadBoolean(out _);
            case "defer_loading":
                return reader.ReadBoolean(out var isDeferred)
                    && (!isDeferred || reader.FailUnsupported("cannot be true: the model is shown all tools"));
            case "input_examples":
                return reader.Kind == JsonTokenType.StartArray ? reader.Skip() : reader.FailType("an array");
            case "allowed_callers":
                return ReadCallers(ref reader);
            default:
                unknown ??= name;
                return reader.Skip();
        }
    }

    private static bool ReadCallers(ref RequestReader reader)
    {
        if (!reader.EnterArray())
        {
            return false;
        }

        while (reader.NextElement())
        {
            if (!reader.Is("direct"u8))
            {
                return reader.Kind == JsonTokenType.String
                    ? reader.FailUnsupported("can only be 'direct' here: no code runs here") : reader.FailType("a string");
            }
        }

        return reader.Error is null;
    }
}
