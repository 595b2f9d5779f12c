using System.Text.Json;

namespace Tollgate.Contracts.OpenAi;

/// <summary>Reads the <c>messages</c> of a chat.</summary>
internal struct ChatMessages
{
    internal static readonly MemberNames MessageNames = new(
        "role", "content", "name", "refusal", "annotations", "audio", "tool_calls", "tool_call_id", "function_call");

    internal static readonly MemberNames PartNames = new(
        "type", "text", "refusal", "image_url", "input_audio", "file", "prompt_cache_breakpoint");

    public ChatMessages()
    {
    }

    public List<ChatMessage> Messages { get; } = [];

    /// <summary>Bytes of all contents and names.</summary>
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

        var seen = 0UL;
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

        if (draft.Content is not null && draft.Refusal is not null)
        {
            return reader.Fail(OpenAiError.InvalidValue(reader.Below("refusal"), "null beside a content"));
        }

        // An assistant message that refused has its text in `refusal` and null in `content`; the model must see that text.
        var content = draft.Content ?? draft.Refusal;
        if (content is null)
        {
            return reader.FailMissing("content");
        }

        Messages.Add(new ChatMessage(draft.Role, content, draft.Name));
        return true;
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
            case "tool_calls":
                return ChatHints.ReadEmptyArray(ref reader, "is not supported: tools and functions are not available here");
            case "audio" or "function_call":
                return reader.Kind == JsonTokenType.StartObject ? reader.FailUnsupported() : reader.FailType("an object");
            default:
                return reader.Kind == JsonTokenType.String ? reader.FailUnsupported() : reader.FailType("a string");
        }
    }

    private static bool ReadRole(ref RequestReader reader, out string? role)
    {
        role = reader.Is("user"u8) ? "user"
            : reader.Is("assistant"u8) ? "assistant"
            : reader.Is("system"u8) ? "system"
            : reader.Is("developer"u8) ? "developer"
            : null;
        if (role is not null)
        {
            return true;
        }

        if (reader.Is("tool"u8) || reader.Is("function"u8))
        {
            return reader.FailUnsupported("cannot be 'tool' or 'function': tools and functions are not available here");
        }

        return reader.Kind == JsonTokenType.String
            ? reader.FailValue("one of 'system', 'developer', 'user' and 'assistant'")
            : reader.FailType("a string");
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

        var seen = 0UL;
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
    }

    private struct Part
    {
        public string? Type;
        public string? Text;
        public string? Refusal;
    }
}
