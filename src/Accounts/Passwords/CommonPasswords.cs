using System.Collections.Frozen;
using System.IO.Compression;

namespace Tollgate.Accounts.Passwords;

/// <summary>
/// The passwords that attackers try first: the 50,000 most common ones of any length and another 42,000 with at least 12 characters. Read
/// once, at first use. Thread-safe.
/// </summary>
internal static class CommonPasswords
{
    private static readonly Lazy<FrozenSet<string>> Words = new(Read);

    public static int Count => Words.Value.Count;

    /// <summary>
    /// Whether attackers would find the password early. Matches common passwords in any capitalization, common passwords with digits or
    /// signs around them (<c>Monkey2024!!!</c>), both also with digits for letters, and repetitions of a short piece.
    /// </summary>
    public static bool Contains(string password)
    {
        var text = password.Trim().ToLowerInvariant();
        var stem = text.AsSpan().Trim("0123456789!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ ").ToString();
        return stem.Length < 4 || IsRepeated(text) || IsCommon(text) || IsCommon(stem) || IsRepeated(stem);
    }

    private static bool IsCommon(string text) => Words.Value.Contains(text) || Words.Value.Contains(Unleet(text)) || text == "tollgate";

    /// <summary>Whether the text repeats a piece of at most 8 characters or a common password.</summary>
    private static bool IsRepeated(string text)
    {
        for (var length = 1; length <= text.Length / 2; length++)
        {
            if (text.Length % length == 0 && text.AsSpan(length).SequenceEqual(text.AsSpan(0, text.Length - length)))
            {
                return length <= 8 || IsCommon(text[..length]);
            }
        }

        return false;
    }

    private static string Unleet(string text) => string.Create(text.Length, text, (letters, source) =>
    {
        for (var i = 0; i < letters.Length; i++)
        {
            letters[i] = source[i] switch
            {
                '0' => 'o',
                '1' or '!' => 'i',
                '3' => 'e',
                '4' or '@' => 'a',
                '5' or '$' => 's',
                '7' => 't',
                var other => other,
            };
        }
    });

    private static FrozenSet<string> Read()
    {
        using var file = typeof(CommonPasswords).Assembly.GetManifestResourceStream("common-passwords.txt.gz")!;
        using var reader = new StreamReader(new GZipStream(file, CompressionMode.Decompress));
        var words = new HashSet<string>(100_000, StringComparer.Ordinal);
        while (reader.ReadLine() is { } word)
        {
            words.Add(word);
        }

        return words.ToFrozenSet(StringComparer.Ordinal);
    }
}
