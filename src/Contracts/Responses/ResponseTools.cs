using System.Text.Json;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Contracts.Responses;

/// <summary>Reads the members of a response's request that say which functions there are and how they may be called. A function's members
/// lie beside its type.</summary>
internal struct ResponseTools
{
    private const string NotHere = "is not supported: tools are functions here";

    /// <summary>Types of tools that OpenAI has and this endpoint has not.</summary>
    private static readonly string[] OtherTypes =
    [
        "apply_patch", "code_interpreter", "computer", "computer_use_preview", "custom", "file_search", "image_generation", "local_shell",
        "mcp", "namespace", "programmatic_tool_calling", "shell", "tool_search", "web_search", "web_search_2025_08_26",
        "web_search_preview", "web_search_preview_2025_03_11",
    ];

    internal static readonly MemberNames ToolNames = new(
        "type", "name", "description", "parameters", "strict", "async", "allowed_callers", "defer_loading", "output_schema");

    internal static readonly MemberNames ChoiceNames = new("type", "name", "mode", "tools");

    internal static readonly MemberNames AllowedNames = new("type", "name");

    private ToolTable _table = new();
    private ToolChoice? _choice;
    private bool _parallel = true;

    public ResponseTools()
    {
    }

    /// <summary>As the client wrote it; null where it did not.</summary>
    public JsonElement? Choice { get; private set; }

    public readonly bool IsParallel => _parallel;

    public readonly IReadOnlyList<ToolDefinition> Definitions => _table.Definitions;

    public readonly long Utf8Bytes => _table.Utf8Bytes;

    /// <summary>Reads a member that is not null.</summary>
    /// <param name="known">False when the member is not one of these.</param>
    public bool Read(ref RequestReader reader, string name, out bool known)
    {
        known = true;
        switch (name)
        {
            case "tools":
                return ReadTools(ref reader);
            case "tool_choice":
                var start = reader.Range.Start;
                if (!ReadChoice(ref reader))
                {
                    return false;
                }

                Choice = reader.ValueSince(start);
                return true;
            case "parallel_tool_calls":
                return reader.ReadBoolean(out _parallel);
            default:
                known = false;
                return true;
        }
    }

    /// <summary>The functions as the model may call them; null where it may call none. False after an error.</summary>
    public readonly bool TryBuild(ref RequestReader reader, out ToolUse? tools) =>
        _table.TryBuild(ref reader, _choice ?? default, _parallel, out tools);

    private bool ReadTools(ref RequestReader reader)
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

    private bool ReadTool(ref RequestReader reader)
    {
        if (!reader.EnterObject())
        {
            return false;
        }

        var (seen, isTyped, draft) = (UInt128.Zero, false, new ToolDraft());
        while (reader.NextMember(ToolNames, ref seen, out var name))
        {
            if (reader.IsNull)
            {
                continue;
            }

            isTyped |= name == "type";
            if (!ReadToolMember(ref reader, name, ref draft))
            {
                return false;
            }
        }

        return reader.Error is null && (isTyped ? _table.Add(ref reader, "", draft) : reader.FailMissing("type"));
    }

    private static bool ReadToolMember(ref RequestReader reader, string name, ref ToolDraft draft)
    {
        switch (name)
        {
            case "type":
                return ReadType(ref reader);
            case "name":
                return draft.ReadName(ref reader);
            case "description":
                return draft.ReadDescription(ref reader);
            case "parameters":
                return draft.ReadParameters(ref reader, name);
            case "strict":
                return draft.ReadStrict(ref reader);
            case "async" or "defer_loading":
                return reader.ReadBoolean(out var isSet) && (!isSet || reader.FailUnsupported("cannot be true here"));
            case "output_schema":
                return reader.Kind == JsonTokenType.StartObject ? reader.Skip() : reader.FailType("an object");
            default:
                return reader.FailUnsupported(NotHere);
        }
    }

    private static bool ReadType(ref RequestReader reader)
    {
        if (reader.Is("function"u8))
        {
            return true;
        }

        return reader.ReadString(out var type) && (OtherTypes.Contains(type)
            ? reader.FailUnsupported($"cannot be '{type}': tools are functions here") : reader.FailValue("'function'"));
    }

    private bool ReadChoice(ref RequestReader reader)
    {
        if (reader.Kind == JsonTokenType.String)
        {
            var isMode = ToolChoice.ReadMode(ref reader, out var mode);
            _choice = new ToolChoice(mode, "tool_choice");
            return isMode;
        }

        if (reader.Kind != JsonTokenType.StartObject)
        {
            return reader.FailType("a string or an object");
        }

        var seen = UInt128.Zero;
        string? type = null;
        string? function = null;
        ToolMode? allowed = null;
        List<string>? names = null;
        reader.EnterObject();
        while (reader.NextMember(ChoiceNames, ref seen, out var name))
        {
            if (reader.IsNull)
            {
                continue;
            }

            if (!(name switch
            {
                "type" => ReadChoiceType(ref reader, out type),
                "name" => reader.ReadString(out function!),
                "mode" => ToolChoice.ReadAllowedMode(ref reader, out allowed),
                _ => ToolChoice.ReadAllowed(ref reader, AllowedNames, ReadAllowedMember, out names),
            }))
            {
                return false;
            }
        }

        return reader.Error is null && Choose(ref reader, type, function, allowed, names);
    }

    private bool Choose(ref RequestReader reader, string? type, string? function, ToolMode? allowed, List<string>? names)
    {
        if (type is null)
        {
            return reader.FailMissing("type");
        }

        if (type == "function")
        {
            _choice = new ToolChoice(ToolMode.Required, "tool_choice.name", [function ?? ""]);
            return function is null ? reader.FailMissing("name")
                : allowed is null && names is null
                    || reader.Fail(OpenAiError.UnknownParameter(allowed is null ? "tool_choice.tools" : "tool_choice.mode"));
        }

        _choice = new ToolChoice(allowed ?? default, "tool_choice.tools", names);
        return allowed is null || names is null
            ? reader.FailMissing(allowed is null ? "mode" : "tools")
            : function is null || reader.Fail(OpenAiError.UnknownParameter("tool_choice.name"));
    }

    private static bool ReadChoiceType(ref RequestReader reader, out string? type)
    {
        if (!reader.ReadString(out type!))
        {
            return false;
        }

        return type is "function" or "allowed_tools" || (OtherTypes.Contains(type)
            ? reader.FailUnsupported("can only be 'function' or 'allowed_tools' here") : reader.FailValue("'function' or 'allowed_tools'"));
    }

    private static bool ReadAllowedMember(ref RequestReader reader, string member, ref string? function) =>
        member == "type" ? ReadType(ref reader) : reader.ReadString(out function!);
}
