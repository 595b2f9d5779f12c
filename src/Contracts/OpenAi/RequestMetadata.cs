using System.Text;

namespace Tollgate.Contracts.OpenAi;

/// <summary>Reads the member <c>metadata</c> within OpenAI's bounds, and writes it.</summary>
public static class RequestMetadata
{
    private const int MostPairs = 16;
    private const int LongestName = 64;
    private const int LongestValue = 512;

    /// <summary>The pairs as a JSON object, as they are kept.</summary>
    public static string ToJson(IReadOnlyList<KeyValuePair<string, string>> pairs) =>
        Encoding.UTF8.GetString(Utf8Json.Write(pairs, static (pairs, writer) =>
        {
            writer.WriteStartObject();
            foreach (var (name, value) in pairs)
            {
                writer.WriteString(name, value);
            }

            writer.WriteEndObject();
        }));

    /// <summary>Reads the object at the reader's position. Returns false after an error.</summary>
    /// <param name="pairs">Gets the pairs in their order.</param>
    internal static bool Read(ref RequestReader reader, List<KeyValuePair<string, string>> pairs)
    {
        if (!reader.EnterObject())
        {
            return false;
        }

        while (reader.NextPair(out var name))
        {
            if (pairs.Exists(pair => pair.Key == name))
            {
                return reader.Fail(OpenAiError.DuplicateParameter(reader.PathText()));
            }

            if (pairs.Count == MostPairs || name.Length > LongestName)
            {
                return reader.Fail(OpenAiError.InvalidValue(
                    "metadata", $"at most {MostPairs} pairs with names of at most {LongestName} characters"));
            }

            if (name.Contains('\0', StringComparison.Ordinal))
            {
                return reader.Fail(OpenAiError.InvalidText("metadata", "has a NUL character"));
            }

            if (!reader.ReadString(out var value)
                || (value.Length > LongestValue && !reader.FailValue($"at most {LongestValue} characters"))
                || (value.Contains('\0', StringComparison.Ordinal) && !reader.FailValue("a text without NUL characters")))
            {
                return false;
            }

            pairs.Add(new(name, value));
        }

        return reader.Error is null;
    }
}
