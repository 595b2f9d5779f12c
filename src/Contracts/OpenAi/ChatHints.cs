using System.Text.Json;

namespace Tollgate.Contracts.OpenAi;

/// <summary>
/// Handles the members of a chat that Tollgate does not implement. Checks and ignores members that cannot change the answer. Refuses
/// members that would change it by name, because a client that asked for a tool call must not get prose.
/// </summary>
internal static class ChatHints
{
    private const string NoTools = "is not supported: tools and functions are not available here";
    internal static readonly MemberNames ResponseFormatNames = new("type", "json_schema", "schema");

    /// <summary>Checks the value of a member that is not null.</summary>
    /// <param name="known">False when the member is not one of these.</param>
    public static bool Read(ref RequestReader reader, string name, out bool known)
    {
        known = true;
        switch (name)
        {
            case "safety_identifier":
                return ReadText(ref reader, 64);
            case "prompt_cache_key":
                return ReadText(ref reader, 1024);
            case "prompt_cache_retention":
                return ReadOneOf(ref reader, "in_memory", "in-memory", "24h");
            case "verbosity":
                return ReadOneOf(ref reader, "low", "medium", "high");
            case "reasoning_effort":
                return ReadOneOf(ref reader, "none", "minimal", "low", "medium", "high", "xhigh", "max");
            case "service_tier":
                return ReadServiceTier(ref reader);
            case "parallel_tool_calls":
                return reader.ReadBoolean(out _);
            case "store":
                return reader.ReadBoolean(out var store)
                    && (!store || reader.FailUnsupported("cannot be true: answers are not stored here"));
            case "prediction" or "prompt_cache_options":
                return reader.Kind == JsonTokenType.StartObject ? reader.Skip() : reader.FailType("an object");
            case "metadata":
                return RequestMetadata.Read(ref reader, []);
            default:
                return ReadRefused(ref reader, name, out known);
        }
    }

    private static bool ReadRefused(ref RequestReader reader, string name, out bool known)
    {
        known = true;
        switch (name)
        {
            case "tools" or "functions":
                return ReadEmptyArray(ref reader, NoTools);
            case "tool_choice" or "function_call":
                return ReadToolChoice(ref reader);
            case "modalities":
                return ReadModalities(ref reader);
            case "response_format":
                return ReadResponseFormat(ref reader);
            case "audio" or "web_search_options" or "moderation":
                return reader.Kind == JsonTokenType.StartObject ? reader.FailUnsupported() : reader.FailType("an object");
            default:
                known = false;
                return true;
        }
    }

    /// <summary>Reads an array that must be empty.</summary>
    public static bool ReadEmptyArray(ref RequestReader reader, string why)
    {
        if (!reader.EnterArray())
        {
            return false;
        }

        return reader.NextElement() ? reader.Fail(OpenAiError.UnsupportedParameter(reader.OuterPath(), why)) : reader.Error is null;
    }

    private static bool ReadText(ref RequestReader reader, int longest) =>
        reader.ReadString(out var text) && (text.Length <= longest || reader.FailValue($"at most {longest} characters"));

    private static bool ReadOneOf(ref RequestReader reader, params ReadOnlySpan<string> values)
    {
        if (!reader.ReadString(out var text))
        {
            return false;
        }

        return values.Contains(text) || reader.FailValue($"one of '{string.Join("', '", values)}'");
    }

    private static bool ReadServiceTier(ref RequestReader reader)
    {
        if (reader.Is("flex"u8) || reader.Is("priority"u8) || reader.Is("scale"u8) || reader.Is("fast"u8))
        {
            return reader.FailUnsupported("can only be 'auto' or 'default' here");
        }

        return ReadOneOf(ref reader, "auto", "default");
    }

    private static bool ReadToolChoice(ref RequestReader reader)
    {
        return reader.Kind switch
        {
            JsonTokenType.StartObject => reader.FailUnsupported(NoTools),
            JsonTokenType.String when reader.Is("none"u8) || reader.Is("auto"u8) => true,
            JsonTokenType.String when reader.Is("required"u8) => reader.FailUnsupported(NoTools),
            JsonTokenType.String => reader.FailValue("'none' or 'auto'"),
            _ => reader.FailType("a string or an object"),
        };
    }

    private static bool ReadModalities(ref RequestReader reader)
    {
        if (!reader.EnterArray())
        {
            return false;
        }

        while (reader.NextElement())
        {
            if (reader.Kind != JsonTokenType.String)
            {
                return reader.FailType("a string");
            }

            if (!reader.Is("text"u8))
            {
                return reader.Is("audio"u8) || reader.Is("image"u8)
                    ? reader.Fail(OpenAiError.UnsupportedParameter(reader.OuterPath(), "can only be ['text'] here"))
                    : reader.FailValue("'text'");
            }
        }

        return reader.Error is null;
    }

    private static bool ReadResponseFormat(ref RequestReader reader)
    {
        if (!reader.EnterObject())
        {
            return false;
        }

        var seen = 0UL;
        var isText = false;
        while (reader.NextMember(ResponseFormatNames, ref seen, out var name))
        {
            if (reader.IsNull)
            {
                continue;
            }

            if (name == "type" && reader.Kind != JsonTokenType.String)
            {
                return reader.FailType("a string");
            }

            if (name != "type" || !reader.Is("text"u8))
            {
                return name != "type" || reader.Is("json_object"u8) || reader.Is("json_schema"u8)
                    ? reader.Fail(OpenAiError.UnsupportedParameter(reader.OuterPath(), "can only be {\"type\": \"text\"} here"))
                    : reader.FailValue("'text'");
            }

            isText = true;
        }

        return reader.Error is null && (isText || reader.FailMissing("type"));
    }
}
