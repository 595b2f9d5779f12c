using System.Globalization;
using System.Text;

namespace Tollgate.Inference.Tokenizers;

/// <summary>Canonical decomposition (NFD) without the nonspacing marks: <c>é</c> → <c>e</c>.</summary>
/// <remarks>A table of our own: .NET's <c>Normalize</c> leaves text as it is where
/// globalization is invariant, as it is in every service.</remarks>
internal static class AccentFolding
{
    private const int HangulFirst = 0xAC00;
    private const int HangulLast = 0xD7A3;
    private const int VowelCount = 21;
    private const int TailCount = 28;

    private static readonly Dictionary<int, string> Bases = ReadTable();

    public static string Fold(string text)
    {
        if (Ascii.IsValid(text))
        {
            return text;
        }

        var folded = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune.Value is >= HangulFirst and <= HangulLast)
            {
                AppendHangul(rune.Value - HangulFirst, folded);
            }
            else if (Bases.TryGetValue(rune.Value, out var kept))
            {
                folded.Append(kept);
            }
            else if (Rune.GetUnicodeCategory(rune) != UnicodeCategory.NonSpacingMark)
            {
                folded.Append(rune);
            }
        }

        return folded.ToString();
    }

    /// <summary>A syllable is a lead consonant, a vowel and perhaps a tail consonant (Unicode, section 3.12).</summary>
    private static void AppendHangul(int syllable, StringBuilder folded)
    {
        folded.Append((char)(0x1100 + (syllable / (VowelCount * TailCount))));
        folded.Append((char)(0x1161 + (syllable / TailCount % VowelCount)));
        if (syllable % TailCount != 0)
        {
            folded.Append((char)(0x11A7 + (syllable % TailCount)));
        }
    }

    private static Dictionary<int, string> ReadTable()
    {
        using var stream = typeof(AccentFolding).Assembly.GetManifestResourceStream("decompositions.txt")
            ?? throw new InvalidOperationException("The table of decompositions is not in the assembly.");
        using var reader = new StreamReader(stream);
        var bases = new Dictionary<int, string>();
        while (reader.ReadLine() is { } line)
        {
            if (!line.StartsWith('#'))
            {
                var points = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)
                    .Select(p => int.Parse(p, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture)).ToArray();
                bases[points[0]] = string.Concat(points[1..].Select(char.ConvertFromUtf32));
            }
        }

        return bases;
    }
}
