using System.Text.Json;

namespace Tollgate.Contracts.OpenAi;

/// <summary>Reads the <c>messages</c> of a chat.</summary>
internal struct ChatMessages
{
    /// <summary>Most characters of a call's id.</summary>
    private const int LongestCallId = 256;

    internal static readonly MemberNames MessageNames = new(
        "role", "content", "name", "refusal", "annotations", "audio", "tool_calls", "tool_call_id", "function_call", "parsed");

    internal static readonly MemberNames CallNames = new("id", "type", "function", "custom", "index");

    internal static readonly MemberNames FunctionNames = new("name", "arguments", "parsed_arguments");

    internal static readonly MemberNames PartNames = new(
        "type", "text", "refusal", "image_url", "input_audio", "file", "prompt_cache_breakpoint");

    public ChatMessages()
    {
    }

    public List<ChatMessage> Messages { get; } = [];

    /// <summary>Calls in the messages.</summary>
    public int Calls { get; private set; }

    /// <summary>Bytes of all contents and names, of ids and arguments of calls too.</summary>
    public long Utf8Bytes { get; private set; }

    public bool Read(ref RequestReader reader)
    {
        if (!reader.EnterArray())
        {
            return false;
        }

        while (reader.NextElement())
        {
            if (!ReadMessage(ref reader))
            {
                return false;
            }
        }

        return reader.Error is null && (Messages.Count > 0
            || reader.Fail(OpenAiError.InvalidValue("messages", "an array with at least one message", "an empty array")));
    }

    private bool ReadMessage(ref RequestReader reader)
    {
        if (!reader.EnterObject())
        {
            return false;
        }

        var seen = UInt128.Zero;
        var draft = default(Draft);
        while (reader.NextMember(MessageNames, ref seen, out var name))
        {
            if (!reader.IsNull && !ReadMember(ref reader, name, ref draft))
            {
                return false;
            }
        }

        return reader.Error is null && Add(ref reader, draft);
    }

    private bool Add(ref RequestReader reader, Draft draft)
    {
        if (draft.Role is null)
        {
            return reader.FailMissing("role");
        }

        if (draft.Role != "assistant" && (draft.Refusal is not null || draft.HasRefusalPart))
        {
            return reader.Fail(OpenAiError.InvalidValue(
                reader.Below(draft.HasRefusalPart ? "content" : "refusal"), "no refusal in a message that is not the assistant's"));
        }

        if (draft.Role != "assistant" && draft.Calls is not null)
        {
            return reader.Fail(OpenAiError.InvalidValue(
                reader.Below(draft.IsOlderCall ? "function_call" : "tool_calls"), "no calls in a message that is not the assistant's"));
        }

        if (draft.Role == "tool" ? !CheckCallId(ref reader, draft) : draft.CallId is not null)
        {
            return reader.Fail(OpenAiError.InvalidValue(reader.Below("tool_call_id"), "an id only in a message of role 'tool'"));
        }

        if (draft.Role == "function" && draft.Name is null)
        {
            return reader.FailMissing("name");
        }

        if (draft.Content is not null && draft.Refusal is not null)
        {
            return reader.Fail(OpenAiError.InvalidValue(reader.Below("refusal"), "null beside a content"));
        }

        // An assistant message that refused has its text in `refusal` and null in `content`; the model must see that text.
        var content = draft.Content ?? draft.Refusal;
        if (content is null && draft.Calls is null && draft.Role != "function")
        {
            return reader.FailMissing("content");
        }

        Messages.Add(new ChatMessage(draft.Role == "function" ? "tool" : draft.Role, content ?? "", draft.Name)
        {
            Calls = draft.Calls ?? (IReadOnlyList<ToolCall>)[],
            CallId = draft.CallId,
        });
        Calls += draft.Calls?.Count ?? 0;
        return true;
    }

    /// <summary>Whether the result is that of a call in an earlier message.</summary>
    private readonly bool CheckCallId(ref RequestReader reader, Draft draft)
    {
        if (draft.CallId is null)
        {
            return reader.FailMissing("tool_call_id");
        }

        return Messages.Exists(message => message.Calls.Any(call => call.Id == draft.CallId)) || reader.Fail(OpenAiError.InvalidValue(
            reader.Below("tool_call_id"), "the id of a call in an earlier message of the assistant",
            $"'{OpenAiError.Shorten(draft.CallId)}'"));
    }

    private bool ReadMember(ref RequestReader reader, string name, ref Draft draft)
    {
        switch (name)
        {
            case "role":
                return ReadRole(ref reader, out draft.Role);
            case "content":
                return ReadContent(ref reader, ref draft);
            case "name":
                return ReadText(ref reader, out draft.Name)
                    && (draft.Name is { Length: > 0 and <= 64 } || reader.FailValue("a name of 1 to 64 characters"));
            case "refusal":
                return ReadText(ref reader, out draft.Refusal);
            case "annotations":
                return reader.Kind == JsonTokenType.StartArray ? reader.Skip() : reader.FailType("an array");
            case "parsed":
                return reader.Skip(); // OpenAI's own client adds it to an answer that may be sent back.
            case "tool_calls":
                return ReadCalls(ref reader, ref draft);
            case "function_call":
                return ReadOlderCall(ref reader, ref draft);
            case "tool_call_id":
                return ReadText(ref reader, out draft.CallId)
                    && (draft.CallId is { Length: > 0 and <= LongestCallId } || reader.FailValue($"1 to {LongestCallId} characters"));
            default:
                return reader.Kind == JsonTokenType.StartObject ? reader.FailUnsupported() : reader.FailType("an object");
        }
    }

    private bool ReadCalls(ref RequestReader reader, ref Draft draft)
    {
        if (!reader.EnterArray())
        {
            return false;
        }

        var calls = new List<ToolCall>();
        while (reader.NextElement())
        {
            if (!ReadCall(ref reader, calls))
            {
                return false;
            }
        }

        if (reader.Error is null && calls.Count > 0 && draft.Calls is not null)
        {
            return reader.Fail(OpenAiError.InvalidValue(reader.PathText(), "no 'tool_calls' beside 'function_call'"));
        }

        draft.Calls = calls.Count > 0 ? calls : draft.Calls;
        return reader.Error is null;
    }

    private bool ReadCall(ref RequestReader reader, List<ToolCall> calls)
    {
        if (!reader.EnterObject())
        {
            return false;
        }

        var (seen, isTyped) = (UInt128.Zero, false);
        string? id = null;
        (string Name, string Arguments)? function = null;
        while (reader.NextMember(CallNames, ref seen, out var name))
        {
            if (reader.IsNull)
            {
                continue;
            }

            switch (name)
            {
                case "id":
                    if (!ReadText(ref reader, out id)
                        || (id is not { Length: > 0 and <= LongestCallId } && !reader.FailValue($"1 to {LongestCallId} characters")))
                    {
                        return false;
                    }

                    break;
                case "type" when reader.Is("function"u8):
                    isTyped = true;
                    break;
                case "type":
                    return reader.Kind == JsonTokenType.String ? reader.FailValue("'function'") : reader.FailType("a string");
                case "index":
                    if (!reader.ReadInteger(0, int.MaxValue, out _)) // Clients keep it from the chunks of a stream.
                    {
                        return false;
                    }

                    break;
                case "custom":
                    return reader.FailUnsupported("is not supported: tools are functions here");
                default:
                    if (!ReadFunction(ref reader, out function))
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

        if (id is null || !isTyped || function is null)
        {
            return reader.FailMissing(id is null ? "id" : isTyped ? "function" : "type");
        }

        calls.Add(new ToolCall(id, function.Value.Name, function.Value.Arguments));
        return true;
    }

    private bool ReadOlderCall(ref RequestReader reader, ref Draft draft)
    {
        if (!ReadFunction(ref reader, out var function))
        {
            return false;
        }

        if (draft.Calls is not null)
        {
            return reader.Fail(OpenAiError.InvalidValue(reader.PathText(), "no 'function_call' beside 'tool_calls'"));
        }

        draft.Calls = [new ToolCall("call_0", function!.Value.Name, function.Value.Arguments)];
        draft.IsOlderCall = true;
        return true;
    }

    private bool ReadFunction(ref RequestReader reader, out (string Name, string Arguments)? function)
    {
        function = null;
        if (!reader.EnterObject())
        {
            return false;
        }

        var seen = UInt128.Zero;
        string? called = null;
        string? arguments = null;
        while (reader.NextMember(FunctionNames, ref seen, out var name))
        {
            if (reader.IsNull)
            {
                continue;
            }

            if (!(name switch
            {
                "name" => ReadText(ref reader, out called),
                "arguments" => ReadText(ref reader, out arguments),
                _ => reader.Skip(), // As `parsed` of a message.
            }))
            {
                return false;
            }

            if (called is not null && !ToolTable.IsName(called))
            {
                return reader.FailValue($"1 to {ToolTable.LongestName} letters, digits, underscores and hyphens");
            }
        }

        if (reader.Error is not null)
        {
            return false;
        }

        if (called is null || arguments is null)
        {
            return reader.FailMissing(called is null ? "name" : "arguments");
        }

        function = (called, arguments);
        return true;
    }

    private static bool ReadRole(ref RequestReader reader, out string? role)
    {
        role = reader.Is("user"u8) ? "user"
            : reader.Is("assistant"u8) ? "assistant"
            : reader.Is("system"u8) ? "system"
            : reader.Is("developer"u8) ? "developer"
            : reader.Is("tool"u8) ? "tool"
            : reader.Is("function"u8) ? "function"
            : null;
        return role is not null || (reader.Kind == JsonTokenType.String
            ? reader.FailValue("one of 'system', 'developer', 'user', 'assistant', 'tool' and 'function'")
            : reader.FailType("a string"));
    }

    private bool ReadText(ref RequestReader reader, out string? text)
    {
        var read = reader.ReadString(out var value, out var bytes);
        text = value;
        Utf8Bytes += bytes;
        return read;
    }

    private bool ReadContent(ref RequestReader reader, ref Draft draft)
    {
        if (reader.Kind == JsonTokenType.String)
        {
            return ReadText(ref reader, out draft.Content);
        }

        if (reader.Kind != JsonTokenType.StartArray)
        {
            return reader.FailType("a string or an array of content parts");
        }

        var texts = new List<string>();
        reader.Enter();
        while (reader.NextElement())
        {
            if (!ReadPart(ref reader, texts, ref draft))
            {
                return false;
            }
        }

        draft.Content = texts.Count == 1 ? texts[0] : string.Concat(texts);
        return reader.Error is null && (texts.Count > 0
            || reader.Fail(OpenAiError.InvalidValue(reader.PathText(), "at least one content part", "an empty array")));
    }

    private bool ReadPart(ref RequestReader reader, List<string> texts, ref Draft draft)
    {
        if (!reader.EnterObject())
        {
            return false;
        }

        var seen = UInt128.Zero;
        var part = default(Part);
        while (reader.NextMember(PartNames, ref seen, out var name))
        {
            if (!reader.IsNull && !ReadPartMember(ref reader, name, ref part))
            {
                return false;
            }
        }

        if (reader.Error is not null)
        {
            return false;
        }

        if (part.Type is null)
        {
            return reader.FailMissing("type");
        }

        var (mine, others) = part.Type == "text" ? (part.Text, part.Refusal) : (part.Refusal, part.Text);
        if (mine is null)
        {
            return reader.FailMissing(part.Type);
        }

        if (others is not null)
        {
            return reader.Fail(OpenAiError.UnknownParameter(reader.Below(part.Type == "text" ? "refusal" : "text")));
        }

        draft.HasRefusalPart |= part.Type == "refusal";
        texts.Add(mine);
        return true;
    }

    private bool ReadPartMember(ref RequestReader reader, string name, ref Part part)
    {
        switch (name)
        {
            case "type":
                part.Type = reader.Is("text"u8) ? "text" : reader.Is("refusal"u8) ? "refusal" : null;
                return part.Type is not null || FailPartType(ref reader);
            case "text":
                return ReadText(ref reader, out part.Text);
            case "refusal":
                return ReadText(ref reader, out part.Refusal);
            case "prompt_cache_breakpoint":
                return reader.Kind == JsonTokenType.StartObject ? reader.Skip() : reader.FailType("an object");
            default:
                return reader.FailUnsupported("is not supported: this endpoint reads text parts alone");
        }
    }

    private static bool FailPartType(ref RequestReader reader)
    {
        if (reader.Kind != JsonTokenType.String)
        {
            return reader.FailType("a string");
        }

        return reader.Is("image_url"u8) || reader.Is("input_audio"u8) || reader.Is("file"u8)
            ? reader.FailUnsupported("can only be 'text': this endpoint reads text parts alone")
            : reader.FailValue("'text'");
    }

    private struct Draft
    {
        public string? Role;
        public string? Content;
        public string? Name;
        public string? Refusal;
        public bool HasRefusalPart;
        public List<ToolCall>? Calls;
        public bool IsOlderCall;
        public string? CallId;
    }

    private struct Part
    {
        public string? Type;
        public string? Text;
        public string? Refusal;
    }
}
