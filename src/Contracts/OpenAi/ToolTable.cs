using System.Text.Json;

namespace Tollgate.Contracts.OpenAi;

/// <summary>Gathers the functions of a request and how they may be called, whatever the wire; each wire reads its own members.</summary>
internal struct ToolTable
{
    /// <summary>Most functions of one request, as at OpenAI.</summary>
    public const int MostTools = 128;

    /// <summary>Most characters of a function's name.</summary>
    public const int LongestName = 64;

    private List<ToolDefinition>? _definitions;

    public ToolTable()
    {
    }

    /// <summary>All functions, also where none of them may be called.</summary>
    public readonly IReadOnlyList<ToolDefinition> Definitions => _definitions ?? [];

    /// <summary>Functions so far.</summary>
    public readonly int Count => _definitions?.Count ?? 0;

    /// <summary>Bytes of their names, descriptions and parameters, as the client wrote them.</summary>
    public long Utf8Bytes { get; private set; }

    /// <summary>Whether a text can be the name of a function.</summary>
    public static bool IsName(string text) => text.Length is > 0 and <= LongestName && text.All(
        static letter => char.IsAsciiLetterOrDigit(letter) || letter is '_' or '-');

    /// <summary>Adds a function whose object was just read. Returns false after an error.</summary>
    /// <param name="prefix">Where the function's members lie below the reader's place, such as <c>function.</c>; empty for none.</param>
    public bool Add(ref RequestReader reader, string prefix, ToolDraft draft)
    {
        if (draft.Name is null)
        {
            return reader.FailMissing(prefix + "name");
        }

        if (!IsName(draft.Name))
        {
            return reader.Fail(OpenAiError.InvalidValue(
                reader.Below(prefix + "name"), $"1 to {LongestName} letters, digits, underscores and hyphens",
                $"'{OpenAiError.Shorten(draft.Name)}'"));
        }

        _definitions ??= [];
        if (_definitions.Exists(other => other.Name == draft.Name))
        {
            return reader.Fail(OpenAiError.InvalidValue(
                reader.Below(prefix + "name"), "a name that no other function has", $"'{draft.Name}'"));
        }

        if (draft.Parameters is { } parameters && Fault(parameters) is { } fault)
        {
            return reader.Fail(OpenAiError.InvalidFunctionParameters(draft.Name, reader.Below(prefix + draft.ParametersMember), fault));
        }

        _definitions.Add(new ToolDefinition(draft.Name, draft.Description, draft.Parameters, draft.Strict)
        {
            Member = reader.Below(prefix + draft.ParametersMember),
        });
        Utf8Bytes += draft.Utf8Bytes;
        return _definitions.Count <= MostTools
            || reader.Fail(OpenAiError.InvalidValue(reader.OuterPath(), $"at most {MostTools} functions"));
    }

    /// <summary>The functions as the model may call them; null where it may call none.</summary>
    /// <param name="choice">What the client chose; the default leaves it to the model.</param>
    /// <param name="parallel">Whether one answer may have several calls.</param>
    public readonly bool TryBuild(ref RequestReader reader, ToolChoice choice, bool parallel, out ToolUse? tools)
    {
        tools = null;
        if (_definitions is null || choice.Mode == ToolMode.None)
        {
            return !choice.NeedsTools || reader.Fail(OpenAiError.InvalidValue(choice.Member, "no call while the request has no functions"));
        }

        foreach (var name in choice.Names ?? [])
        {
            if (!_definitions.Exists(definition => definition.Name == name))
            {
                return reader.Fail(OpenAiError.InvalidValue(
                    choice.Member, "the name of one of the request's functions", $"'{OpenAiError.Shorten(name)}'"));
            }
        }

        tools = new ToolUse(_definitions)
        {
            Required = choice.Mode == ToolMode.Required,
            Callable = choice.Names is { } names ? [.. _definitions.Where(definition => names.Contains(definition.Name))] : _definitions,
            Parallel = parallel,
        };
        return true;
    }

    /// <summary>What is wrong with the schema of a function's arguments at the first look; a worker reads it whole.</summary>
    private static string? Fault(JsonElement parameters)
    {
        if (parameters.ValueKind != JsonValueKind.Object)
        {
            return "it must be an object";
        }

        return parameters.TryGetProperty("type", out var type) && !(type.ValueKind == JsonValueKind.String && type.ValueEquals("object"u8))
            ? "its 'type' must be 'object'" : null;
    }
}

/// <summary>The members of one function while they are read.</summary>
internal struct ToolDraft
{
    public ToolDraft()
    {
    }

    public string? Name { get; private set; }

    public string? Description { get; private set; }

    public JsonElement? Parameters { get; private set; }

    /// <summary>Name of the member with the parameters.</summary>
    public string ParametersMember { get; private set; } = "parameters";

    public bool Strict { get; private set; }

    /// <summary>Bytes of what the model is shown.</summary>
    public long Utf8Bytes { get; private set; }

    public bool ReadName(ref RequestReader reader)
    {
        var read = reader.ReadString(out var name, out var bytes);
        (Name, Utf8Bytes) = (name, Utf8Bytes + bytes);
        return read;
    }

    public bool ReadDescription(ref RequestReader reader)
    {
        var read = reader.ReadString(out var description, out var bytes);
        (Description, Utf8Bytes) = (description, Utf8Bytes + bytes);
        return read;
    }

    /// <param name="member">Its name on this wire.</param>
    public bool ReadParameters(ref RequestReader reader, string member)
    {
        if (reader.Kind != JsonTokenType.StartObject)
        {
            return reader.FailType("an object");
        }

        var start = reader.Range.Start;
        if (!reader.ReadJson(out var parameters))
        {
            return false;
        }

        (Parameters, ParametersMember) = (parameters, member);
        Utf8Bytes += reader.Position - start;
        return true;
    }

    public bool ReadStrict(ref RequestReader reader)
    {
        var read = reader.ReadBoolean(out var strict);
        Strict = strict;
        return read;
    }
}

/// <summary>Whether functions are called.</summary>
internal enum ToolMode
{
    /// <summary>The model decides.</summary>
    Auto = 0,

    /// <summary>No function is called, and none is shown.</summary>
    None,

    /// <summary>At least one is called.</summary>
    Required,
}

/// <summary>What a client chose about calls.</summary>
/// <param name="Member">The member that says so, for errors.</param>
/// <param name="Names">The functions that may be called; null for all.</param>
internal readonly record struct ToolChoice(ToolMode Mode, string Member, IReadOnlyList<string>? Names = null)
{
    /// <summary>Reads a member of one function that may be called.</summary>
    /// <param name="function">The function's name once its member was read.</param>
    public delegate bool AllowedMember(ref RequestReader reader, string member, ref string? function);

    /// <summary>Whether the choice makes no sense without functions.</summary>
    public bool NeedsTools => Mode == ToolMode.Required || Names is not null;

    /// <summary>Reads <c>none</c>, <c>auto</c> or <c>required</c>.</summary>
    public static bool ReadMode(ref RequestReader reader, out ToolMode mode)
    {
        mode = reader.Is("none"u8) ? ToolMode.None : reader.Is("required"u8) ? ToolMode.Required : ToolMode.Auto;
        return mode != ToolMode.Auto || reader.Is("auto"u8) || reader.FailValue("'none', 'auto' or 'required'");
    }

    /// <summary>Reads whether one of some allowed functions must be called: <c>auto</c> or <c>required</c>.</summary>
    public static bool ReadAllowedMode(ref RequestReader reader, out ToolMode? mode)
    {
        mode = reader.Is("auto"u8) ? ToolMode.Auto : reader.Is("required"u8) ? ToolMode.Required : null;
        return mode is not null
            || (reader.Kind == JsonTokenType.String ? reader.FailValue("'auto' or 'required'") : reader.FailType("a string"));
    }

    /// <summary>Reads the list of functions that may be called, each an object with its type and its name.</summary>
    /// <param name="members">The type's member, and the one that holds the name.</param>
    /// <param name="names">At least one.</param>
    public static bool ReadAllowed(ref RequestReader reader, MemberNames members, AllowedMember read, out List<string>? names)
    {
        names = null;
        if (!reader.EnterArray())
        {
            return false;
        }

        var found = new List<string>();
        while (reader.NextElement())
        {
            if (!reader.EnterObject())
            {
                return false;
            }

            var (seen, isTyped) = (UInt128.Zero, false);
            string? function = null;
            while (reader.NextMember(members, ref seen, out var member))
            {
                if (reader.IsNull)
                {
                    continue;
                }

                if (!read(ref reader, member, ref function))
                {
                    return false;
                }

                isTyped |= member == members[0];
            }

            if (reader.Error is not null || !isTyped || function is null)
            {
                return reader.Error is null && reader.FailMissing(members[isTyped ? 1 : 0]);
            }

            found.Add(function);
        }

        names = found;
        return reader.Error is null && (found.Count > 0
            || reader.Fail(OpenAiError.InvalidValue(reader.PathText(), "at least one function", "an empty array")));
    }
}
