using System.Text;
using System.Text.Json;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Contracts.Anthropic;

/// <summary>What a block of a message is.</summary>
internal enum BlockKind
{
    Text = 0,

    /// <summary>A call of a tool.</summary>
    Call,

    /// <summary>What a tool gave.</summary>
    Result,

    /// <summary>What a model thought; no model here reads it again.</summary>
    Thought,
}

/// <summary>One block of a message's content.</summary>
internal sealed record MessageBlock(BlockKind Kind)
{
    /// <summary>Most characters of a call's id.</summary>
    private const int LongestId = 256;

    /// <summary>What the model reads of a result that is an error.</summary>
    private const string ErrorMark = "Error: ";

    private const string TextAlone = "can only be 'text', 'tool_use', 'tool_result', 'thinking' or 'redacted_thinking' here: "
        + "this endpoint reads text alone";

    internal static readonly MemberNames Names = new(
        "type", "text", "cache_control", "citations", "id", "name", "input", "caller", "toolset_name", "tool_use_id", "content", "is_error",
        "thinking", "signature", "data",

        // Of blocks that are not supported.
        "source", "title", "context", "transformations", "file_id");

    /// <summary>Types that Anthropic knows and Tollgate refuses.</summary>
    private static readonly HashSet<string> OtherTypes = new(StringComparer.Ordinal)
    {
        "image", "document", "search_result", "server_tool_use", "web_search_tool_result", "web_fetch_tool_result",
        "code_execution_tool_result", "bash_code_execution_tool_result", "text_editor_code_execution_tool_result",
        "tool_search_tool_result", "container_upload", "mcp_tool_use", "mcp_tool_result", "compaction", "tool_reference", "browser_state",
    };

    private static readonly Dictionary<string, string[]> MembersOf = new(StringComparer.Ordinal)
    {
        ["text"] = ["type", "text", "cache_control", "citations"],
        ["tool_use"] = ["type", "id", "name", "input", "caller", "toolset_name", "cache_control"],
        ["tool_result"] = ["type", "tool_use_id", "content", "is_error", "toolset_name", "cache_control"],
        ["thinking"] = ["type", "thinking", "signature"],
        ["redacted_thinking"] = ["type", "data"],
    };

    /// <summary>The text; of a call the JSON text of its input; of a result what the tool gave.</summary>
    public string Text { get; init; } = "";

    /// <summary>Of a call, or of the call whose result it is.</summary>
    public string Id { get; init; } = "";

    /// <summary>The tool that is called.</summary>
    public string Name { get; init; } = "";

    /// <summary>As the wire names it.</summary>
    public string TypeName => Kind switch
    {
        BlockKind.Text => "text",
        BlockKind.Call => "tool_use",
        BlockKind.Result => "tool_result",
        _ => "thinking",
    };

    /// <param name="utf8Bytes">Bytes of what the model is shown.</param>
    public static bool Read(ref RequestReader reader, out MessageBlock block, out long utf8Bytes)
    {
        (block, utf8Bytes) = (new MessageBlock(BlockKind.Thought), 0);
        if (!reader.EnterObject())
        {
            return false;
        }

        var seen = UInt128.Zero;
        var draft = new Draft();
        while (reader.NextMember(Names, ref seen, out var name))
        {
            if (!reader.IsNull)
            {
                draft.Given.Add(name);
                if (!draft.ReadMember(ref reader, name))
                {
                    return false;
                }
            }
        }

        utf8Bytes = draft.Utf8Bytes;
        return reader.Error is null && draft.TryBuild(ref reader, out block);
    }

    /// <summary>The members of a block while they are read.</summary>
    private struct Draft
    {
        private string? _type;
        private string? _text;
        private string? _id;
        private string? _name;
        private string? _input;
        private string? _callId;
        private string _result = "";
        private bool _isError;

        public Draft()
        {
        }

        /// <summary>Members that are not null.</summary>
        public List<string> Given { get; } = [];

        public long Utf8Bytes { get; private set; }

        public bool ReadMember(ref RequestReader reader, string name)
        {
            switch (name)
            {
                case "type":
                    return ReadType(ref reader);
                case "text":
                    return ReadText(ref reader, out _text);
                case "id":
                    return ReadId(ref reader, out _id);
                case "tool_use_id":
                    return ReadId(ref reader, out _callId);
                case "name":
                    return ReadText(ref reader, out _name) && (ToolTable.IsName(_name)
                        || reader.FailValue($"1 to {ToolTable.LongestName} letters, digits, underscores and hyphens"));
                case "input":
                    return ReadInput(ref reader);
                case "content":
                    var read = TextBlocks.Read(ref reader, out _result, out var bytes);
                    Utf8Bytes += bytes;
                    return read;
                case "is_error":
                    return reader.ReadBoolean(out _isError);
                default:
                    return ReadHint(ref reader, name);
            }
        }

        public readonly bool TryBuild(ref RequestReader reader, out MessageBlock block)
        {
            block = new MessageBlock(BlockKind.Thought);
            if (_type is null)
            {
                return reader.FailMissing("type");
            }

            var type = _type;
            if (Given.Find(name => !MembersOf[type].Contains(name)) is { } other)
            {
                return reader.Fail(OpenAiError.UnknownParameter(reader.Below(other)));
            }

            switch (type)
            {
                case "text":
                    block = new MessageBlock(BlockKind.Text) { Text = _text ?? "" };
                    return _text is not null || reader.FailMissing("text");
                case "tool_use":
                    block = new MessageBlock(BlockKind.Call) { Id = _id ?? "", Name = _name ?? "", Text = _input ?? "" };
                    return (_id is not null && _name is not null && _input is not null)
                        || reader.FailMissing(_id is null ? "id" : _name is null ? "name" : "input");
                case "tool_result":
                    block = new MessageBlock(BlockKind.Result) { Id = _callId ?? "", Text = _isError ? ErrorMark + _result : _result };
                    return _callId is not null || reader.FailMissing("tool_use_id");
                default:
                    return true;
            }
        }

        private bool ReadType(ref RequestReader reader)
        {
            if (!reader.ReadString(out var type))
            {
                return false;
            }

            _type = type;
            Utf8Bytes += type == "tool_result" ? ErrorMark.Length : 0;
            return MembersOf.ContainsKey(type) || (OtherTypes.Contains(type)
                ? reader.FailUnsupported(TextAlone) : reader.FailValue($"one of '{string.Join("', '", MembersOf.Keys)}'"));
        }

        private bool ReadText(ref RequestReader reader, out string text)
        {
            var read = reader.ReadString(out text, out var bytes);
            Utf8Bytes += bytes;
            return read;
        }

        private bool ReadId(ref RequestReader reader, out string id) => ReadText(ref reader, out id)
            && (id.Length is > 0 and <= LongestId || reader.FailValue($"1 to {LongestId} characters"));

        private bool ReadInput(ref RequestReader reader)
        {
            if (reader.Kind != JsonTokenType.StartObject)
            {
                return reader.FailType("an object");
            }

            if (!reader.ReadJson(out var input))
            {
                return false;
            }

            _input = input.GetRawText();
            Utf8Bytes += Encoding.UTF8.GetByteCount(_input);
            return true;
        }

        private static bool ReadHint(ref RequestReader reader, string name)
        {
            switch (name)
            {
                case "cache_control":
                    return MessagesHints.ReadCacheControl(ref reader);
                case "citations":
                    return reader.Kind == JsonTokenType.StartArray ? reader.Skip() : reader.FailType("an array");
                case "thinking" or "signature" or "data":
                    return reader.ReadString(out _);
                case "caller":
                    return ReadCaller(ref reader);
                case "toolset_name":
                    return reader.Kind == JsonTokenType.String
                        ? reader.FailUnsupported("is not supported: tools are given one by one here") : reader.FailType("a string");
                default:
                    return reader.FailUnsupported("is not supported: this endpoint reads text alone");
            }
        }

        private static bool ReadCaller(ref RequestReader reader)
        {
            if (reader.Kind != JsonTokenType.StartObject)
            {
                return reader.FailType("an object");
            }

            if (!reader.ReadJson(out var caller))
            {
                return false;
            }

            return (caller.TryGetProperty("type", out var type) && type.ValueKind == JsonValueKind.String && type.ValueEquals("direct"u8))
                || reader.FailUnsupported("can only be {\"type\": \"direct\"} here");
        }
    }
}
