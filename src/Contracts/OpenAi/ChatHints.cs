using System.Text.Json;

namespace Tollgate.Contracts.OpenAi;

/// <summary>
/// Handles the members of a chat that Tollgate does not implement. Checks and ignores members that cannot change the answer. Refuses
/// members that would change it by name, because a client that asked for speech must not get prose.
/// </summary>
internal static class ChatHints
{
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
            case "modalities":
                return ReadModalities(ref reader);
            case "audio" or "web_search_options" or "moderation":
                return reader.Kind == JsonTokenType.StartObject ? reader.FailUnsupported() : reader.FailType("an object");
            default:
                known = false;
                return true;
        }
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
}
