using System.Text.Json;

namespace Tollgate.Inference.Tokenizers;

/// <summary>Reads members of a <c>tokenizer.json</c> and refuses what nothing here reads: what it asks for would be left undone without a
/// word.</summary>
internal static class TokenizerMembers
{
    /// <exception cref="FormatException">It is not JSON.</exception>
    public static JsonDocument Parse(ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonDocument.Parse(json.ToArray());
        }
        catch (JsonException exception)
        {
            throw new FormatException($"The file is not JSON: {exception.Message}", exception);
        }
    }

    /// <summary>A member that is there and not null; null otherwise.</summary>
    public static JsonElement? Find(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    /// <exception cref="FormatException">The element has another member.</exception>
    public static void RequireOnly(JsonElement element, string what, params ReadOnlySpan<string> known)
    {
        foreach (var member in element.EnumerateObject())
        {
            if (!known.Contains(member.Name))
            {
                throw new FormatException($"The tokenizer's '{what}' has the member '{member.Name}', which is not supported.");
            }
        }
    }

    /// <exception cref="FormatException">The element's member has another value.</exception>
    public static void Require(JsonElement element, string name, string value)
    {
        var found = element.ValueKind == JsonValueKind.Object
            && element.TryGetProperty(name, out var property) ? property.GetString() : null;
        if (found != value)
        {
            throw new FormatException($"The tokenizer uses '{found}' where only '{value}' is supported.");
        }
    }

    /// <summary>A vocabulary: ids by entry, and entries by id, null where an id has none.</summary>
    /// <exception cref="FormatException">It is empty or too large, an id is out of range, or two entries share one.</exception>
    public static (Dictionary<string, int> Ids, string?[] Entries) ReadVocabulary(JsonElement vocabulary, int most)
    {
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var entry in vocabulary.EnumerateObject())
        {
            var id = entry.Value.GetInt32();
            if (id < 0 || id >= most)
            {
                throw new FormatException("The tokenizer's ids are out of range.");
            }

            ids[entry.Name] = id;
        }

        if (ids.Count == 0)
        {
            throw new FormatException("The tokenizer's vocabulary is empty.");
        }

        var entries = new string?[ids.Values.Max() + 1];
        foreach (var (entry, id) in ids)
        {
            entries[id] = entries[id] is null
                ? entry : throw new FormatException($"The tokenizer's vocabulary gives '{entry}' and '{entries[id]}' one id.");
        }

        return (ids, entries);
    }
}
