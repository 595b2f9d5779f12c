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

    /// <summary>The special tokens of <c>added_tokens</c>.</summary>
    /// <exception cref="FormatException">One is outside the vocabulary, or is not special: texts would have to be searched for
    /// it.</exception>
    public static IReadOnlyList<(string Content, int Id)> ReadSpecials(JsonElement root, int vocabularySize)
    {
        var specials = new List<(string, int)>();
        foreach (var token in Find(root, "added_tokens")?.EnumerateArray().ToArray() ?? [])
        {
            var id = token.GetProperty("id").GetInt32();
            if (id < 0 || id >= vocabularySize)
            {
                throw new FormatException($"The tokenizer's added token {id} is outside its vocabulary.");
            }

            var content = token.GetProperty("content").GetString()!;
            RequireOnly(token, "added_tokens", "id", "content", "special", "single_word", "lstrip", "rstrip", "normalized");
            if (!token.GetProperty("special").GetBoolean())
            {
                throw new FormatException(
                    $"The tokenizer's added token '{content}' is not special: tokens that texts are searched for are not supported.");
            }

            specials.Add((content, id));
        }

        return specials;
    }
}
