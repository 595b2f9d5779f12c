using System.Text.Json;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Contracts.Responses;

/// <summary>Reads the <c>input</c> of a response, and makes the messages of a chat of it.</summary>
internal struct ResponseItems
{
    /// <summary>Most characters of an id.</summary>
    public const int LongestId = 256;

    private const string NotHere = "is not supported: this endpoint reads messages, calls of functions and their results";

    /// <summary>Types of items that OpenAI has and this endpoint has not.</summary>
    private static readonly string[] OtherTypes =
    [
        "additional_tools", "apply_patch_call", "apply_patch_call_output", "code_interpreter_call", "compaction", "compaction_trigger",
        "computer_call", "computer_call_output", "configuration_update", "custom_tool_call", "custom_tool_call_output", "file_search_call",
        "image_generation_call", "local_shell_call", "local_shell_call_output", "mcp_approval_request", "mcp_approval_response", "mcp_call",
        "mcp_list_tools", "program", "program_output", "shell_call", "shell_call_output", "tool_search_call", "tool_search_output",
        "web_search_call",
    ];

    internal static readonly MemberNames ItemNames = new(
        "type", "id", "status", "role", "content", "phase", "call_id", "name", "arguments", "output", "summary", "encrypted_content",
        "async", "caller", "namespace", "parsed_arguments");

    internal static readonly MemberNames PartNames = new(
        "type", "text", "refusal", "annotations", "logprobs", "prompt_cache_breakpoint", "image_url", "file_id", "detail", "file_data",
        "file_url", "filename", "input_audio", "parsed");

    private readonly HashSet<string> _callIds = [];
    private readonly List<(string Member, string CallId)> _unmatched = [];
    private List<ToolCall>? _calls;

    public ResponseItems()
    {
    }

    /// <summary>Without reasoning, which no model here reads.</summary>
    public List<ResponseItem> Items { get; } = [];

    /// <summary>References have none.</summary>
    public List<ChatMessage> Messages { get; } = [];

    /// <summary>Calls in the messages.</summary>
    public int Calls { get; private set; }

    /// <summary>Bytes of all texts, of ids, names and arguments of calls too.</summary>
    public long Utf8Bytes { get; private set; }

    /// <summary>Results whose call does not come before them: where their <c>call_id</c> stands, and what it is.</summary>
    public readonly IReadOnlyList<(string Member, string CallId)> Unmatched => _unmatched;

    public bool Read(ref RequestReader reader)
    {
        if (reader.Kind == JsonTokenType.String)
        {
            if (!ReadText(ref reader, out var text))
            {
                return false;
            }

            AddMessage("user", [new TextPart("input_text", text)], id: null);
            return true;
        }

        if (reader.Kind != JsonTokenType.StartArray)
        {
            return reader.FailType("a string or an array of items");
        }

        var isEmpty = true;
        reader.Enter();
        while (reader.NextElement())
        {
            isEmpty = false;
            if (!ReadItem(ref reader))
            {
                return false;
            }
        }

        return reader.Error is null && (!isEmpty
            || reader.Fail(OpenAiError.InvalidValue("input", "an array with at least one item", "an empty array")));
    }

    private bool ReadItem(ref RequestReader reader)
    {
        if (!reader.EnterObject())
        {
            return false;
        }

        var seen = UInt128.Zero;
        var draft = new Draft();
        while (reader.NextMember(ItemNames, ref seen, out var name))
        {
            if (reader.IsNull)
            {
                continue;
            }

            draft.Given.Add(name);
            if (!ReadMember(ref reader, name, ref draft))
            {
                return false;
            }
        }

        return reader.Error is null && Add(ref reader, draft);
    }

    private bool ReadMember(ref RequestReader reader, string name, ref Draft draft)
    {
        switch (name)
        {
            case "type":
                return ReadType(ref reader, ref draft);
            case "id":
                return ReadId(ref reader, out draft.Id);
            case "status":
                return reader.Is("completed"u8) || reader.Is("incomplete"u8) || reader.Is("in_progress"u8)
                    || (reader.Kind == JsonTokenType.String
                        ? reader.FailValue("'in_progress', 'completed' or 'incomplete'") : reader.FailType("a string"));
            case "role":
                return ReadRole(ref reader, out draft.Role);
            case "content":
                return draft.Type == "reasoning"
                    ? reader.Kind == JsonTokenType.StartArray ? reader.Skip() : reader.FailType("an array")
                    : ReadContent(ref reader, draft.Parts, ref draft);
            case "phase":
                return reader.Is("commentary"u8) || reader.Is("final_answer"u8)
                    || (reader.Kind == JsonTokenType.String
                        ? reader.FailValue("'commentary' or 'final_answer'") : reader.FailType("a string"));
            case "output":
                return ReadContent(ref reader, draft.Output, ref draft);
            default:
                return ReadCallMember(ref reader, name, ref draft);
        }
    }

    private bool ReadCallMember(ref RequestReader reader, string name, ref Draft draft)
    {
        switch (name)
        {
            case "call_id":
                return ReadText(ref reader, out draft.CallId)
                    && (draft.CallId is { Length: > 0 and <= LongestId } || reader.FailValue($"1 to {LongestId} characters"));
            case "name":
                return ReadText(ref reader, out draft.Name) && (ToolTable.IsName(draft.Name)
                    || reader.FailValue($"1 to {ToolTable.LongestName} letters, digits, underscores and hyphens"));
            case "arguments":
                return ReadText(ref reader, out draft.Arguments);
            case "summary":
                return reader.Kind == JsonTokenType.StartArray ? reader.Skip() : reader.FailType("an array");
            case "encrypted_content":
                return reader.ReadString(out _);
            case "parsed_arguments":
                return reader.Skip(); // OpenAI's own client adds it, and `parsed` to a text, to an answer that may be sent back.
            case "async":
                return reader.ReadBoolean(out var isAsync) && (!isAsync || reader.FailUnsupported("cannot be true here"));
            default:
                return reader.FailUnsupported(NotHere);
        }
    }

    /// <summary>Whether an item has no member that its type has not.</summary>
    private static bool Fits(ref RequestReader reader, in Draft draft, params ReadOnlySpan<string> members)
    {
        foreach (var name in draft.Given)
        {
            if (!members.Contains(name))
            {
                return reader.Fail(OpenAiError.UnknownParameter(reader.Below(name)));
            }
        }

        return true;
    }

    private bool Add(ref RequestReader reader, Draft draft)
    {
        switch (draft.Type ?? (draft.Given is ["id"] ? "item_reference" : "message"))
        {
            case "message":
                return Fits(ref reader, draft, "type", "id", "status", "role", "content", "phase") && AddMessage(ref reader, draft);
            case "function_call":
                return Fits(ref reader, draft, "type", "id", "status", "call_id", "name", "arguments", "async", "parsed_arguments")
                    && AddCall(ref reader, draft);
            case "function_call_output":
                return Fits(ref reader, draft, "type", "id", "status", "call_id", "name", "output") && AddResult(ref reader, draft);
            case "item_reference":
                if (!Fits(ref reader, draft, "type", "id") || (draft.Id is null && !reader.FailMissing("id")))
                {
                    return false;
                }

                Items.Add(new ResponseItem.Reference(reader.Below("id")) { Id = draft.Id });
                _calls = null;
                return true;
            default:
                return Fits(ref reader, draft, "type", "id", "status", "content", "summary", "encrypted_content");
        }
    }

    private bool AddMessage(ref RequestReader reader, Draft draft)
    {
        if (draft.Role is null || draft.Parts.Count == 0)
        {
            return reader.FailMissing(draft.Role is null ? "role" : "content");
        }

        var (usual, isAssistant) = draft.Role == "assistant" ? ("output_text", true) : ("input_text", false);
        foreach (var (part, at) in draft.Parts)
        {
            if (part.Type.Length > 0 && part.Type != usual && !(isAssistant && part.Type == "refusal"))
            {
                return reader.Fail(OpenAiError.InvalidValue(
                    at + ".type", isAssistant ? "'output_text' or 'refusal' in a message of the assistant" : $"'{usual}'",
                    $"'{part.Type}'"));
            }
        }

        AddMessage(
            draft.Role, [.. draft.Parts.Select(part => part.Part.Type.Length > 0 ? part.Part : part.Part with { Type = usual })], draft.Id);
        return true;
    }

    private void AddMessage(string role, IReadOnlyList<TextPart> parts, string? id)
    {
        Items.Add(new ResponseItem.Message(role, parts) { Id = id });
        Messages.Add(new ChatMessage(role, parts.Count == 1 ? parts[0].Text : string.Concat(parts.Select(part => part.Text))));
        _calls = null;
    }

    private bool AddCall(ref RequestReader reader, Draft draft)
    {
        if (draft.CallId is null || draft.Name is null || draft.Arguments is null)
        {
            return reader.FailMissing(draft.CallId is null ? "call_id" : draft.Name is null ? "name" : "arguments");
        }

        Items.Add(new ResponseItem.Call(draft.CallId, draft.Name, draft.Arguments) { Id = draft.Id });
        _callIds.Add(draft.CallId);
        Calls++;

        // The calls behind a message of the assistant, or behind each other, are one turn of the chat.
        var isTurn = Messages is [.., { Role: "assistant" }] && Items is [.., ResponseItem.Message or ResponseItem.Call, _];
        if (_calls is null || !isTurn)
        {
            _calls = [];
            var turn = isTurn ? Messages[^1] : new ChatMessage("assistant", "");
            Messages.RemoveRange(isTurn ? Messages.Count - 1 : Messages.Count, isTurn ? 1 : 0);
            Messages.Add(turn with { Calls = _calls });
        }

        _calls.Add(new ToolCall(draft.CallId, draft.Name, draft.Arguments));
        return true;
    }

    private bool AddResult(ref RequestReader reader, Draft draft)
    {
        if (draft.CallId is null || (draft.Output.Count == 0 && !draft.Given.Contains("output")))
        {
            return reader.FailMissing(draft.CallId is null ? "call_id" : "output");
        }

        foreach (var (part, at) in draft.Output)
        {
            if (part.Type is not ("" or "input_text" or "output_text"))
            {
                return reader.Fail(OpenAiError.InvalidValue(at + ".type", "'input_text'", $"'{part.Type}'"));
            }
        }

        if (!_callIds.Contains(draft.CallId))
        {
            _unmatched.Add((reader.Below("call_id"), draft.CallId));
        }

        var output = string.Concat(draft.Output.Select(part => part.Part.Text));
        Items.Add(new ResponseItem.Result(draft.CallId, output) { Id = draft.Id });
        Messages.Add(new ChatMessage("tool", output) { CallId = draft.CallId });
        _calls = null;
        return true;
    }

    private static bool ReadType(ref RequestReader reader, ref Draft draft)
    {
        if (!reader.ReadString(out var type))
        {
            return false;
        }

        draft.Type = type;
        return type is "message" or "function_call" or "function_call_output" or "item_reference" or "reasoning"
            || (OtherTypes.Contains(type)
                ? reader.FailUnsupported($"cannot be '{type}' here: this endpoint reads messages, calls of functions and their results")
                : reader.FailValue("'message', 'function_call', 'function_call_output', 'item_reference' or 'reasoning'"));
    }

    private static bool ReadRole(ref RequestReader reader, out string? role)
    {
        role = reader.Is("user"u8) ? "user"
            : reader.Is("assistant"u8) ? "assistant"
            : reader.Is("system"u8) ? "system"
            : reader.Is("developer"u8) ? "developer"
            : null;
        return role is not null || (reader.Kind == JsonTokenType.String
            ? reader.FailValue("one of 'system', 'developer', 'user' and 'assistant'") : reader.FailType("a string"));
    }

    private static bool ReadId(ref RequestReader reader, out string? id) => reader.ReadString(out id!)
        && (id.Length is > 0 and <= LongestId || reader.FailValue($"1 to {LongestId} characters"));

    private bool ReadText(ref RequestReader reader, out string text)
    {
        var read = reader.ReadString(out text, out var bytes);
        Utf8Bytes += bytes;
        return read;
    }

    /// <summary>Reads a text, or parts of one. The type of a part that is a text alone is empty.</summary>
    private bool ReadContent(ref RequestReader reader, List<(TextPart Part, string At)> parts, ref Draft draft)
    {
        if (reader.Kind == JsonTokenType.String)
        {
            var read = ReadText(ref reader, out var text);
            parts.Add((new TextPart("", text), reader.PathText()));
            return read;
        }

        if (reader.Kind != JsonTokenType.StartArray)
        {
            return reader.FailType("a string or an array of content parts");
        }

        reader.Enter();
        while (reader.NextElement())
        {
            if (!ReadPart(ref reader, parts))
            {
                return false;
            }
        }

        return reader.Error is null && (parts.Count > 0 || draft.Type is null or "reasoning"
            || reader.Fail(OpenAiError.InvalidValue(reader.PathText(), "at least one content part", "an empty array")));
    }

    private bool ReadPart(ref RequestReader reader, List<(TextPart Part, string At)> parts)
    {
        if (!reader.EnterObject())
        {
            return false;
        }

        var seen = UInt128.Zero;
        string? type = null;
        string? text = null;
        string? refusal = null;
        while (reader.NextMember(PartNames, ref seen, out var name))
        {
            if (reader.IsNull)
            {
                continue;
            }

            if (!(name switch
            {
                "type" => ReadPartType(ref reader, out type),
                "text" => ReadText(ref reader, out text),
                "refusal" => ReadText(ref reader, out refusal),
                "annotations" or "logprobs" =>
                    reader.Kind == JsonTokenType.StartArray ? reader.Skip() : reader.FailType("an array"),
                "prompt_cache_breakpoint" => reader.Kind == JsonTokenType.StartObject ? reader.Skip() : reader.FailType("an object"),
                "parsed" => reader.Skip(),
                _ => reader.FailUnsupported("is not supported: this endpoint reads text parts alone"),
            }))
            {
                return false;
            }
        }

        if (reader.Error is not null)
        {
            return false;
        }

        if (type is null)
        {
            return reader.FailMissing("type");
        }

        var (mine, other, member) = type == "refusal" ? (refusal, text, "refusal") : (text, refusal, "text");
        if (mine is null)
        {
            return reader.FailMissing(member);
        }

        parts.Add((new TextPart(type, mine), reader.PathText()));
        return other is null || reader.Fail(OpenAiError.UnknownParameter(reader.Below(type == "refusal" ? "text" : "refusal")));
    }

    private static bool ReadPartType(ref RequestReader reader, out string? type)
    {
        if (!reader.ReadString(out type!))
        {
            return false;
        }

        return type switch
        {
            "input_text" or "output_text" or "refusal" => true,
            "reasoning_text" => true,
            "input_image" or "input_file" or "input_audio" =>
                reader.FailUnsupported($"cannot be '{type}' here: this endpoint reads text parts alone"),
            _ => reader.FailValue("'input_text'; in a message of the assistant 'output_text' or 'refusal'"),
        };
    }

    /// <summary>The members of one item while they are read.</summary>
    private struct Draft
    {
        public string? Type;
        public string? Id;
        public string? Role;
        public string? CallId;
        public string? Name;
        public string? Arguments;

        public Draft()
        {
        }

        /// <summary>Members that are not null.</summary>
        public List<string> Given { get; } = [];

        /// <summary>Of a message; where each part stands.</summary>
        public List<(TextPart Part, string At)> Parts { get; } = [];

        /// <summary>Of a result.</summary>
        public List<(TextPart Part, string At)> Output { get; } = [];
    }
}
