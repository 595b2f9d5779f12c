using System.Globalization;
using System.Text;

namespace Tollgate.Inference.Tokenizers;

/// <summary>BERT's clean-up of text before it is cut into words.</summary>
/// <param name="cleanText">Drops control characters and makes all white space blanks.</param>
/// <param name="partChinese">Puts blanks around Chinese characters.</param>
/// <param name="stripAccents">Decomposes characters and drops their marks.</param>
/// <param name="lowercase">Lower-cases, character by character.</param>
internal sealed class BertNormalizer(bool cleanText, bool partChinese, bool stripAccents, bool lowercase)
{
    public string Normalize(string text)
    {
        var clean = new StringBuilder(text.Length + 16);
        foreach (var rune in text.EnumerateRunes())
        {
            if (cleanText && IsDropped(rune))
            {
                continue;
            }

            if (cleanText && Rune.IsWhiteSpace(rune))
            {
                clean.Append(' ');
            }
            else if (partChinese && IsChinese(rune.Value))
            {
                clean.Append(' ').Append(rune).Append(' ');
            }
            else
            {
                clean.Append(rune);
            }
        }

        var result = clean.ToString();
        result = stripAccents ? AccentFolding.Fold(result) : result;
        return lowercase ? Lower(result) : result;
    }

    /// <summary>Each character in lower case by itself; the dotted capital I keeps its dot.</summary>
    public static string Lower(string text) => text.Replace("İ", "i\u0307", StringComparison.Ordinal).ToLowerInvariant();

    private static bool IsDropped(Rune rune) => rune.Value is 0 or 0xFFFD
        || (rune.Value is not ('\t' or '\n' or '\r') && Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format
            or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned);

    private static bool IsChinese(int value) => value is (>= 0x4E00 and <= 0x9FFF)
        or (>= 0x3400 and <= 0x4DBF)
        or (>= 0x20000 and <= 0x2A6DF)
        or (>= 0x2A700 and <= 0x2B73F)
        or (>= 0x2B740 and <= 0x2B81F)
        or (>= 0x2B820 and <= 0x2CEAF)
        or (>= 0xF900 and <= 0xFAFF)
        or (>= 0x2F800 and <= 0x2FA1F);
}
