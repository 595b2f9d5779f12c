using System.Text.Json;

namespace Tollgate.Accounts.SingleSignOn;

/// <summary>Reads members of what providers answer.</summary>
internal static class JsonMembers
{
    /// <summary>A text; null where it is missing or of another type.</summary>
    public static string? Text(this JsonElement from, string member) =>
        from.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>A list of texts, or one text; null where it is missing.</summary>
    public static IReadOnlyList<string>? Texts(this JsonElement from, string member) => !from.TryGetProperty(member, out var value)
        ? null
        : value.ValueKind switch
        {
            JsonValueKind.String => [value.GetString()!],
            JsonValueKind.Array => [.. value.EnumerateArray().Where(e => e.ValueKind == JsonValueKind.String).Select(e => e.GetString()!)],
            _ => null,
        };

    /// <summary>Whether a member is true. Some providers write it as text.</summary>
    public static bool IsTrue(this JsonElement from, string member) => from.TryGetProperty(member, out var value)
        && (value.ValueKind == JsonValueKind.True || (value.ValueKind == JsonValueKind.String && value.ValueEquals("true")));
}
