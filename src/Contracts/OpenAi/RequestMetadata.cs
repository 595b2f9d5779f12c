namespace Tollgate.Contracts.OpenAi;

/// <summary>Reads the member <c>metadata</c> within OpenAI's bounds.</summary>
internal static class RequestMetadata
{
    private const int MostPairs = 16;
    private const int LongestName = 64;
    private const int LongestValue = 512;

    /// <summary>Reads the object at the reader's position. Returns false after an error.</summary>
    /// <param name="pairs">Gets the pairs in their order.</param>
    public static bool Read(ref RequestReader reader, List<KeyValuePair<string, string>> pairs)
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

            if (!reader.ReadString(out var value)
                || (value.Length > LongestValue && !reader.FailValue($"at most {LongestValue} characters")))
            {
                return false;
            }

            pairs.Add(new(name, value));
        }

        return reader.Error is null;
    }
}
