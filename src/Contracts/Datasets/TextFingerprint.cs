using System.Buffers;
using System.Globalization;
using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace Tollgate.Contracts.Datasets;

/// <summary>
/// Hashes of texts, 128 bits (XXH128), by which equal ones are found without keeping them. Two different texts among a million have the
/// same hash with a probability below 1e-26; who makes one on purpose misleads the statistics of the own file alone.
/// </summary>
internal static class TextFingerprint
{
    /// <summary>Of the text as it is.</summary>
    public static UInt128 Exact(string text, long seed = 0) => Hash(text, seed);

    /// <summary>
    /// Of the text in lower case with every run of spaces and punctuation as one space, none at the ends. A text without letters and digits
    /// counts as it is, so that ":)" and ":(" differ. Composed and decomposed letters differ.
    /// </summary>
    public static UInt128 Normalised(string text, long seed = 0)
    {
        var rented = ArrayPool<char>.Shared.Rent(text.Length);
        var length = 0;
        var pendingSpace = false;
        foreach (var unit in text)
        {
            if (!IsKept(unit))
            {
                pendingSpace = length > 0;
                continue;
            }

            // A kept unit follows at least one dropped unit here, so the text's length bounds both.
            if (pendingSpace)
            {
                rented[length++] = ' ';
                pendingSpace = false;
            }

            rented[length++] = char.ToLowerInvariant(unit);
        }

        var hash = length == 0 ? Hash(text, seed) : Hash(rented.AsSpan(0, length), seed);
        ArrayPool<char>.Shared.Return(rented);
        return hash;
    }

    private static UInt128 Hash(ReadOnlySpan<char> text, long seed) => XxHash128.HashToUInt128(MemoryMarshal.AsBytes(text), seed);

    /// <summary>Letters, digits, marks, and halves of pairs, so that emoji count.</summary>
    private static bool IsKept(char unit) => char.IsLetterOrDigit(unit) || char.IsSurrogate(unit) || char.GetUnicodeCategory(unit) is
        UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark
        or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber;
}
