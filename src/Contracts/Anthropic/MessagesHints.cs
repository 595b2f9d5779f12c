using System.Text.Json;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Contracts.Anthropic;

/// <summary>
/// Handles the members that Tollgate does not implement. Checks and ignores those that cannot make the answer another one than the client
/// expects. Refuses the others by name.
/// </summary>
internal static class MessagesHints
{
    /// <summary>Fewest tokens of a thinking budget, as at Anthropic.</summary>
    private const int FewestThinkingTokens = 1024;

    internal static readonly MemberNames CacheNames = new("type", "ttl");
    internal static readonly MemberNames ThinkingNames = new("type", "budget_tokens", "display");

    /// <summary>Reads a member that is not null.</summary>
    public static bool Read(ref RequestReader reader, string name)
    {
        switch (name)
        {
            case "cache_control":
                return ReadCacheControl(ref reader);
            case "speed":
                return reader.Is("fast"u8) ? reader.FailUnsupported("can only be 'standard' here") : ReadOneOf(ref reader, "standard");
            case "user_profile_id":
                return reader.ReadString(out _);
            case "workspace_id":
                return reader.Kind == JsonTokenType.String
                    ? reader.FailUnsupported("cannot be chosen here: a key belongs to one project") : reader.FailType("a string");
            case "context_management":
                return reader.Kind == JsonTokenType.StartObject ? reader.FailUnsupported() : reader.FailType("an object");
            case "mcp_servers":
                return ReadNoServers(ref reader);
            default:
                throw new InvalidOperationException($"No reader for '{name}'.");
        }
    }

    /// <summary>Reads a mark of what may be kept for later requests. Prompts are cached here without it.</summary>
    public static bool ReadCacheControl(ref RequestReader reader)
    {
        if (!reader.EnterObject())
        {
            return false;
        }

        var (seen, isTyped) = (UInt128.Zero, false);
        while (reader.NextMember(CacheNames, ref seen, out var name))
        {
            isTyped |= name == "type" && !reader.IsNull;
            if (!reader.IsNull && !(name == "type" ? ReadOneOf(ref reader, "ephemeral") : ReadOneOf(ref reader, "5m", "1h")))
            {
                return false;
            }
        }

        return reader.Error is null && (isTyped || reader.FailMissing("type"));
    }

    /// <summary>Reads how much the model shall think. A hint: the models here answer as they were trained, and what they write is the
    /// answer.</summary>
    public static bool ReadThinking(ref RequestReader reader, out long? budget)
    {
        budget = null;
        if (!reader.EnterObject())
        {
            return false;
        }

        var seen = UInt128.Zero;
        string? type = null;
        while (reader.NextMember(ThinkingNames, ref seen, out var name))
        {
            if (reader.IsNull)
            {
                continue;
            }

            switch (name)
            {
                case "type":
                    if (!ReadOneOf(ref reader, "enabled", "disabled", "adaptive", "between_tools"))
                    {
                        return false;
                    }

                    reader.ReadString(out type);
                    break;
                case "budget_tokens":
                    if (!reader.ReadInteger(FewestThinkingTokens, SharedMembers.MostTokens, out var tokens))
                    {
                        return false;
                    }

                    budget = tokens;
                    break;
                default:
                    if (!ReadOneOf(ref reader, "summarized", "omitted"))
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

        return type is null ? reader.FailMissing("type")
            : type == "enabled" && budget is null ? reader.FailMissing("budget_tokens")
            : type == "enabled" || budget is null
                || reader.Fail(OpenAiError.InvalidValue(reader.Below("budget_tokens"), $"no budget beside the type '{type}'"));
    }

    public static bool ReadOneOf(ref RequestReader reader, params ReadOnlySpan<string> values)
    {
        if (!reader.ReadString(out var text))
        {
            return false;
        }

        return values.Contains(text)
            || reader.FailValue(values.Length == 1 ? $"'{values[0]}'" : $"one of '{string.Join("', '", values)}'");
    }

    private static bool ReadNoServers(ref RequestReader reader)
    {
        if (!reader.EnterArray())
        {
            return false;
        }

        return reader.NextElement()
            ? reader.Fail(OpenAiError.UnsupportedParameter(reader.OuterPath(), "is not supported: tools run at the client here"))
            : reader.Error is null;
    }
}
