using System.Text.Json;

namespace Tollgate.Contracts.OpenAi;

/// <summary>Reads the members of a chat that say which functions there are and how they may be called, the older ones too.</summary>
internal struct ChatTools
{
    internal static readonly MemberNames ToolNames = new("type", "function", "custom");
    internal static readonly MemberNames FunctionNames = new("name", "description", "parameters", "strict");
    internal static readonly MemberNames ChoiceNames = new("type", "function", "allowed_tools", "custom");
    internal static readonly MemberNames AllowedNames = new("mode", "tools");
    internal static readonly MemberNames AllowedToolNames = new("type", "function");
    internal static readonly MemberNames NamedNames = new("name");

    private ToolTable _table = new();
    private ToolChoice? _choice;
    private bool _parallel = true;
    private bool _hasTools;

    public ChatTools()
    {
    }

    /// <summary>Whether functions came by <c>functions</c>.</summary>
    public bool UsesFunctions { get; private set; }

    public readonly int Count => _table.Count;

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
            case "functions":
                return ReadFunctions(ref reader);
            case "tool_choice":
                return ReadToolChoice(ref reader);
            case "function_call":
                return ReadFunctionCall(ref reader);
            case "parallel_tool_calls":
                return reader.ReadBoolean(out _parallel);
            default:
                known = false;
                return true;
        }
    }

    /// <summary>What was read; false after an error.</summary>
    public readonly bool TryBuild(ref RequestReader reader, out ToolUse? tools)
    {
        tools = null;
        if (UsesFunctions && _hasTools)
        {
            return reader.Fail(OpenAiError.InvalidValue("functions", "no 'functions' beside 'tools'"));
        }

        // An older client makes one call at a time.
        return _table.TryBuild(ref reader, _choice ?? default, _parallel && !UsesFunctions, out tools);
    }

    private bool ReadTools(ref RequestReader reader)
    {
        if (!reader.EnterArray())
        {
            return false;
        }

        while (reader.NextElement())
        {
            _hasTools = true;
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

        var seen = UInt128.Zero;
        var (draft, isFunction, isTyped) = (new ToolDraft(), false, false);
        while (reader.NextMember(ToolNames, ref seen, out var name))
        {
            if (reader.IsNull)
            {
                continue;
            }

            switch (name)
            {
                case "type" when reader.Is("function"u8):
                    isTyped = true;
                    break;
                case "type":
                    return reader.Kind != JsonTokenType.String ? reader.FailType("a string")
                        : reader.Is("custom"u8) ? reader.FailUnsupported("can only be 'function' here") : reader.FailValue("'function'");
                case "custom":
                    return reader.FailUnsupported("is not supported: tools are functions here");
                default:
                    isFunction = true;
                    if (!ReadFunction(ref reader, ref draft))
                    {
                        return false;
                    }

                    break;
            }
        }

        if (reader.Error is not null)
        {
            return false;
        }

        return !isTyped ? reader.FailMissing("type")
            : !isFunction ? reader.FailMissing("function")
            : _table.Add(ref reader, "function.", draft);
    }

    private bool ReadFunctions(ref RequestReader reader)
    {
        if (!reader.EnterArray())
        {
            return false;
        }

        while (reader.NextElement())
        {
            UsesFunctions = true;
            var draft = new ToolDraft();
            if (!ReadFunction(ref reader, ref draft) || !_table.Add(ref reader, "", draft))
            {
                return false;
            }
        }

        return reader.Error is null;
    }

    private static bool ReadFunction(ref RequestReader reader, ref ToolDraft draft)
    {
        if (!reader.EnterObject())
        {
            return false;
        }

        var seen = UInt128.Zero;
        while (reader.NextMember(FunctionNames, ref seen, out var name))
        {
            if (!reader.IsNull && !(name switch
            {
                "name" => draft.ReadName(ref reader),
                "description" => draft.ReadDescription(ref reader),
                "parameters" => draft.ReadParameters(ref reader, name),
                _ => draft.ReadStrict(ref reader),
            }))
            {
                return false;
            }
        }

        return reader.Error is null;
    }

    private bool ReadToolChoice(ref RequestReader reader)
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
        ToolChoice? named = null;
        ToolChoice? allowed = null;
        reader.EnterObject();
        while (reader.NextMember(ChoiceNames, ref seen, out var name))
        {
            if (reader.IsNull)
            {
                continue;
            }

            switch (name)
            {
                case "type":
                    if (!ReadChoiceType(ref reader, out type))
                    {
                        return false;
                    }

                    break;
                case "function":
                    if (!ReadNamed(ref reader, "tool_choice.function.name", out named))
                    {
                        return false;
                    }

                    break;
                case "allowed_tools":
                    if (!ReadAllowed(ref reader, out allowed))
                    {
                        return false;
                    }

                    break;
                default:
                    return reader.FailUnsupported("is not supported: tools are functions here");
            }
        }

        if (reader.Error is not null)
        {
            return false;
        }

        _choice = type == "function" ? named : allowed;
        return type is null ? reader.FailMissing("type") : _choice is not null || reader.FailMissing(type);
    }

    private static bool ReadChoiceType(ref RequestReader reader, out string? type)
    {
        type = reader.Is("function"u8) ? "function" : reader.Is("allowed_tools"u8) ? "allowed_tools" : null;
        return type is not null || (reader.Kind != JsonTokenType.String ? reader.FailType("a string")
            : reader.Is("custom"u8) ? reader.FailUnsupported("can only be 'function' or 'allowed_tools' here")
            : reader.FailValue("'function' or 'allowed_tools'"));
    }

    private bool ReadFunctionCall(ref RequestReader reader)
    {
        if (reader.Kind == JsonTokenType.String)
        {
            _choice = new ToolChoice(reader.Is("none"u8) ? ToolMode.None : ToolMode.Auto, "function_call");
            return reader.Is("none"u8) || reader.Is("auto"u8) || reader.FailValue("'none' or 'auto'");
        }

        if (reader.Kind != JsonTokenType.StartObject)
        {
            return reader.FailType("a string or an object");
        }

        var read = ReadNamed(ref reader, "function_call.name", out var named);
        _choice ??= named;
        return read;
    }

    /// <summary>Reads <c>{"name": …}</c>: the function that must be called.</summary>
    private static bool ReadNamed(ref RequestReader reader, string member, out ToolChoice? choice)
    {
        choice = null;
        if (!reader.EnterObject())
        {
            return false;
        }

        var seen = UInt128.Zero;
        while (reader.NextMember(NamedNames, ref seen, out _))
        {
            if (reader.IsNull)
            {
                continue;
            }

            if (!reader.ReadString(out var name))
            {
                return false;
            }

            choice = new ToolChoice(ToolMode.Required, member, [name]);
        }

        return reader.Error is null && (choice is not null || reader.FailMissing("name"));
    }

    private static bool ReadAllowed(ref RequestReader reader, out ToolChoice? choice)
    {
        choice = null;
        if (!reader.EnterObject())
        {
            return false;
        }

        var (seen, mode) = (UInt128.Zero, (ToolMode?)null);
        List<string>? names = null;
        while (reader.NextMember(AllowedNames, ref seen, out var member))
        {
            if (reader.IsNull)
            {
                continue;
            }

            if (!(member == "mode"
                ? ToolChoice.ReadAllowedMode(ref reader, out mode)
                : ToolChoice.ReadAllowed(ref reader, AllowedToolNames, ReadAllowedMember, out names)))
            {
                return false;
            }
        }

        if (reader.Error is not null)
        {
            return false;
        }

        if (mode is null || names is null)
        {
            return reader.FailMissing(mode is null ? "mode" : "tools");
        }

        choice = new ToolChoice(mode.Value, "tool_choice.allowed_tools.tools", names);
        return true;
    }

    private static bool ReadAllowedMember(ref RequestReader reader, string member, ref string? function)
    {
        if (member == "type")
        {
            return reader.Is("function"u8)
                || (reader.Kind == JsonTokenType.String ? reader.FailValue("'function'") : reader.FailType("a string"));
        }

        var read = ReadNamed(ref reader, "", out var named);
        function = named?.Names![0];
        return read;
    }
}
