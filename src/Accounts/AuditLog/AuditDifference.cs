using System.Text.Json;

namespace Tollgate.Accounts.AuditLog;

/// <summary>A value that an entry changed.</summary>
/// <param name="Member">Path of the member, such as <c>limits.requestsPerMinute</c>.</param>
/// <param name="Before">Null where there was none.</param>
/// <param name="After">Null where there is none.</param>
internal sealed record AuditDifference(string Member, string? Before, string? After)
{
    /// <summary>Compares the values of an entry member by member; leaves out what did not change.</summary>
    /// <param name="before">A JSON object; null for none.</param>
    /// <param name="after">A JSON object; null for none.</param>
    public static IReadOnlyList<AuditDifference> Of(string? before, string? after)
    {
        var (old, now) = (Flatten(before), Flatten(after));
        return
        [
            .. old.Keys.Union(now.Keys).Order(StringComparer.Ordinal)
                .Select(member => new AuditDifference(member, old.GetValueOrDefault(member), now.GetValueOrDefault(member)))
                .Where(member => member.Before != member.After),
        ];
    }

    private static Dictionary<string, string> Flatten(string? json)
    {
        var members = new Dictionary<string, string>(StringComparer.Ordinal);
        if (json is not null)
        {
            using var document = JsonDocument.Parse(json);
            Flatten("", document.RootElement, members);
        }

        return members;
    }

    private static void Flatten(string path, JsonElement value, Dictionary<string, string> members)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var member in value.EnumerateObject())
                {
                    Flatten(path.Length == 0 ? member.Name : $"{path}.{member.Name}", member.Value, members);
                }

                break;
            case JsonValueKind.Array when !value.EnumerateArray().Any(one => one.ValueKind is JsonValueKind.Object or JsonValueKind.Array):
                members[path] = string.Join(", ", value.EnumerateArray().Select(one => one.ToString()));
                break;
            case JsonValueKind.Array:
                foreach (var (index, one) in value.EnumerateArray().Index())
                {
                    Flatten($"{path}[{index}]", one, members);
                }

                break;
            case JsonValueKind.Null:
                break;
            default:
                members[path] = value.ToString();
                break;
        }
    }
}
