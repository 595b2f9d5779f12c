using System.Text.Json;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Contracts.Responses;

/// <summary>
/// Handles the members of a response's request that cannot change the answer, which are checked and repeated, and those that would and are
/// not supported, which are refused by name.
/// </summary>
internal struct ResponseHints
{
    /// <summary>What OpenAI can add to an answer. Log-probabilities are all of it that an answer here can have.</summary>
    public static readonly string[] Includes =
    [
        "message.output_text.logprobs", "reasoning.encrypted_content", "file_search_call.results", "web_search_call.results",
        "web_search_call.action.sources", "message.input_image.image_url", "computer_call_output.output.image_url",
        "code_interpreter_call.outputs",
    ];

    internal static readonly MemberNames ReasoningNames = new("effort", "summary", "generate_summary", "context", "mode");

    private readonly List<KeyValuePair<string, string>> _metadata = [];
    private string? _user;
    private string? _safetyIdentifier;
    private string? _cacheKey;
    private string? _cacheRetention;
    private string? _effort;
    private string? _summary;
    private long? _maxToolCalls;

    public ResponseHints()
    {
    }

    /// <summary>What was read, without tools and formats.</summary>
    public readonly ResponseSettings Settings => new()
    {
        Tools = [],
        Metadata = _metadata,
        User = _user,
        SafetyIdentifier = _safetyIdentifier,
        PromptCacheKey = _cacheKey,
        PromptCacheRetention = _cacheRetention,
        ReasoningEffort = _effort,
        ReasoningSummary = _summary,
        MaxToolCalls = _maxToolCalls,
    };

    /// <summary>Checks the value of a member that is not null.</summary>
    /// <param name="known">False when the member is not one of these.</param>
    public bool Read(ref RequestReader reader, string name, out bool known)
    {
        known = true;
        switch (name)
        {
            case "user":
                return reader.ReadString(out _user!);
            case "safety_identifier":
                return ReadText(ref reader, 64, out _safetyIdentifier);
            case "prompt_cache_key":
                return ReadText(ref reader, 1024, out _cacheKey);
            case "prompt_cache_retention":
                return ReadOneOf(ref reader, out _cacheRetention, "in_memory", "in-memory", "24h");
            case "prompt_cache_options":
                return reader.Kind == JsonTokenType.StartObject ? reader.Skip() : reader.FailType("an object");
            case "metadata":
                return RequestMetadata.Read(ref reader, _metadata);
            case "reasoning":
                return ReadReasoning(ref reader);
            case "max_tool_calls":
                var isCount = reader.ReadInteger(1, int.MaxValue, out var calls); // Of tools that run here, of which there are none.
                _maxToolCalls = calls;
                return isCount;
            case "service_tier":
                return ReadServiceTier(ref reader);
            case "truncation":
                return reader.Is("auto"u8)
                    ? reader.FailUnsupported("can only be 'disabled' here: a conversation that is too long is refused, never cut")
                    : ReadOneOf(ref reader, out _, "disabled");
            default:
                return ReadRefused(ref reader, name, out known);
        }
    }

    /// <summary>Reads one of some texts.</summary>
    public static bool ReadOneOf(ref RequestReader reader, out string? text, params ReadOnlySpan<string> values)
    {
        var read = reader.ReadString(out text!);
        return read && (values.Contains(text) || reader.FailValue($"one of '{string.Join("', '", values)}'"));
    }

    private static bool ReadText(ref RequestReader reader, int longest, out string? text)
    {
        var read = reader.ReadString(out text!);
        return read && (text.Length <= longest || reader.FailValue($"at most {longest} characters"));
    }

    private bool ReadReasoning(ref RequestReader reader)
    {
        if (!reader.EnterObject())
        {
            return false;
        }

        var seen = UInt128.Zero;
        while (reader.NextMember(ReasoningNames, ref seen, out var name))
        {
            if (reader.IsNull)
            {
                continue;
            }

            if (!(name switch
            {
                "effort" => ReadOneOf(ref reader, out _effort, "none", "minimal", "low", "medium", "high", "xhigh", "max"),
                "summary" => ReadOneOf(ref reader, out _summary, "auto", "concise", "detailed"),
                "generate_summary" => ReadOneOf(ref reader, out _, "auto", "concise", "detailed"),
                "context" => ReadOneOf(ref reader, out _, "auto", "current_turn", "all_turns"),
                _ => ReadOneOf(ref reader, out _, "standard", "pro"),
            }))
            {
                return false;
            }
        }

        return reader.Error is null;
    }

    private static bool ReadServiceTier(ref RequestReader reader)
    {
        if (reader.Is("flex"u8) || reader.Is("priority"u8) || reader.Is("scale"u8) || reader.Is("fast"u8) || reader.Is("ultrafast"u8))
        {
            return reader.FailUnsupported("can only be 'auto' or 'default' here");
        }

        return ReadOneOf(ref reader, out _, "auto", "default");
    }

    private static bool ReadRefused(ref RequestReader reader, string name, out bool known)
    {
        known = true;
        switch (name)
        {
            case "conversation":
                return reader.Kind is JsonTokenType.String or JsonTokenType.StartObject
                    ? reader.FailUnsupported("is not supported: name the response before this one in 'previous_response_id'")
                    : reader.FailType("a string or an object");
            case "context_management":
                return reader.Kind == JsonTokenType.StartArray ? reader.FailUnsupported() : reader.FailType("an array");
            case "prompt" or "moderation" or "access_programs" or "background_options" or "image":
                return reader.Kind == JsonTokenType.StartObject ? reader.FailUnsupported() : reader.FailType("an object");
            default:
                known = false;
                return true;
        }
    }
}
