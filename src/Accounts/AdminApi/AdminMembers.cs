using System.Text.Json;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Accounts.AdminApi;

/// <summary>The members of a body, or of an object in it. Each read throws an <see cref="AdminRefusal"/> that names the member.</summary>
/// <param name="members">Those that are there and not null.</param>
/// <param name="path">Of the object in the body; empty for the body itself.</param>
internal sealed class AdminMembers(IReadOnlyDictionary<string, JsonElement> members, string path = "")
{
    /// <summary>Seconds that an expiry may lie ahead: ten years.</summary>
    private const long LongestLife = 315_360_000;

    private const int LongestName = 100;

    public bool Has(string name) => members.ContainsKey(name);

    /// <summary>A text without its surrounding white space; null where it is missing.</summary>
    public string? FindText(string name, int most)
    {
        if (!members.TryGetValue(name, out var value))
        {
            return null;
        }

        return TextOf(value, PathOf(name)).Trim() is { Length: > 0 } text && text.Length <= most && !text.Any(char.IsControl)
            ? text : throw Wrong(name, $"1 to {most} characters", value);
    }

    /// <exception cref="AdminRefusal">It is missing, too.</exception>
    public string Text(string name, int most) => FindText(name, most) ?? throw Missing(name);

    /// <summary>A name of an object; null where it is missing.</summary>
    public string? FindName(string name = "name") => FindText(name, LongestName);

    public string Name(string name = "name") => FindName(name) ?? throw Missing(name);

    /// <summary>One of some texts; null where it is missing.</summary>
    public string? FindOneOf(string name, params string[] choices)
    {
        if (!members.TryGetValue(name, out var value))
        {
            return null;
        }

        return choices.Contains(TextOf(value, PathOf(name)))
            ? value.GetString() : throw Wrong(name, string.Join(" or ", choices.Select(one => $"'{one}'")), value);
    }

    public string OneOf(string name, params string[] choices) => FindOneOf(name, choices) ?? throw Missing(name);

    /// <summary>A list of different texts; null where it is missing.</summary>
    public string[]? FindTexts(string name, int most, int longest = LongestName)
    {
        if (!members.TryGetValue(name, out var value))
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.Array)
        {
            throw WrongType(PathOf(name), "an array", value);
        }

        string[] texts = [.. value.EnumerateArray().Select((one, i) => TextOf(one, $"{PathOf(name)}[{i}]"))];
        for (var i = 0; i < texts.Length; i++)
        {
            if (texts[i].Length is 0 || texts[i].Length > longest || texts[i].Any(char.IsControl))
            {
                throw new AdminRefusal(OpenAiError.InvalidValue($"{PathOf(name)}[{i}]", $"1 to {longest} characters"));
            }
        }

        return texts.Length <= most
            ? [.. texts.Distinct(StringComparer.Ordinal)]
            : throw new AdminRefusal(OpenAiError.InvalidValue(PathOf(name), $"at most {most} elements", $"{texts.Length}"));
    }

    public string[] Texts(string name, int most, int longest = LongestName) => FindTexts(name, most, longest) ?? throw Missing(name);

    /// <summary>A whole number; null where it is missing.</summary>
    public long? FindInteger(string name, long least, long most)
    {
        if (!members.TryGetValue(name, out var value))
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.Number)
        {
            throw WrongType(PathOf(name), "an integer", value);
        }

        return value.TryGetInt64(out var number) && number >= least && number <= most
            ? number : throw Wrong(name, $"an integer between {least} and {most}", value);
    }

    /// <summary>An amount of money, cents with at most four decimals.</summary>
    public decimal Cents(string name, decimal most)
    {
        var value = members.TryGetValue(name, out var found) ? found : throw Missing(name);
        if (value.ValueKind != JsonValueKind.Number)
        {
            throw WrongType(PathOf(name), "a number", value);
        }

        return value.TryGetDecimal(out var cents) && cents >= 0 && cents <= most && decimal.Round(cents, 4) == cents
            ? cents : throw Wrong(name, $"cents between 0 and {most} with at most 4 decimals", value);
    }

    /// <summary>True or false; null where it is missing.</summary>
    public bool? FindBoolean(string name) => !members.TryGetValue(name, out var value) ? null : value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw WrongType(PathOf(name), "a boolean", value),
    };

    /// <summary>When something expires; null where it does not.</summary>
    public DateTimeOffset? FindExpiry(TimeProvider clock, string name = "expires_in_seconds") =>
        FindInteger(name, 1, LongestLife) is { } seconds
            ? DateTimeOffset.FromUnixTimeSeconds(clock.GetUtcNow().ToUnixTimeSeconds() + seconds) : null;

    /// <summary>An object in the body.</summary>
    /// <param name="names">The members that it may have.</param>
    public AdminMembers Object(string name, IReadOnlyList<string> names) =>
        members.TryGetValue(name, out var value) ? Below(value, PathOf(name), names) : throw Missing(name);

    /// <summary>A list of objects; empty where it is missing.</summary>
    public IReadOnlyList<AdminMembers> FindObjects(string name, int most, IReadOnlyList<string> names)
    {
        if (!members.TryGetValue(name, out var value))
        {
            return [];
        }

        if (value.ValueKind != JsonValueKind.Array)
        {
            throw WrongType(PathOf(name), "an array", value);
        }

        return value.GetArrayLength() <= most
            ? [.. value.EnumerateArray().Select((one, i) => Below(one, $"{PathOf(name)}[{i}]", names))]
            : throw new AdminRefusal(OpenAiError.InvalidValue(PathOf(name), $"at most {most} elements", $"{value.GetArrayLength()}"));
    }

    /// <summary>The id of an object.</summary>
    public Guid Id(string name, AdminIds kind) => kind.Find(Text(name, LongestName)) ?? throw Wrong(name, $"the id of a {kind.What}");

    /// <summary>Refuses members that OpenAI has and this service has not.</summary>
    public void Refuse(params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (Has(name))
            {
                throw new AdminRefusal(OpenAiError.UnsupportedParameter(PathOf(name)));
            }
        }
    }

    public AdminRefusal Missing(string name) => new(OpenAiError.MissingParameter(PathOf(name)));

    /// <param name="expected">Continues "expected".</param>
    public AdminRefusal Wrong(string name, string expected) => Wrong(name, expected, members.GetValueOrDefault(name));

    private AdminRefusal Wrong(string name, string expected, JsonElement given) => new(OpenAiError.InvalidValue(
        PathOf(name), expected, given.ValueKind switch
        {
            JsonValueKind.String => $"'{OpenAiError.Shorten(given.GetString()!)}'",
            JsonValueKind.Number => OpenAiError.Shorten(given.GetRawText()),
            _ => null,
        }));

    private static AdminMembers Below(JsonElement value, string path, IReadOnlyList<string> names)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            throw WrongType(path, "an object", value);
        }

        var members = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var member in value.EnumerateObject())
        {
            if (!names.Contains(member.Name))
            {
                throw new AdminRefusal(OpenAiError.UnknownParameter($"{path}.{OpenAiError.Shorten(member.Name)}"));
            }

            if (member.Value.ValueKind != JsonValueKind.Null)
            {
                members[member.Name] = member.Value;
            }
        }

        return new AdminMembers(members, path);
    }

    private string PathOf(string name) => path.Length == 0 ? name : $"{path}.{name}";

    private static string TextOf(JsonElement value, string path) =>
        value.ValueKind == JsonValueKind.String ? value.GetString()! : throw WrongType(path, "a string", value);

    private static AdminRefusal WrongType(string path, string expected, JsonElement given) => new(OpenAiError.InvalidType(
        path, expected, given.ValueKind switch
        {
            JsonValueKind.Object => "an object",
            JsonValueKind.Array => "an array",
            JsonValueKind.String => "a string",
            JsonValueKind.Number => "a number",
            JsonValueKind.Null => "null",
            _ => "a boolean",
        }));
}
