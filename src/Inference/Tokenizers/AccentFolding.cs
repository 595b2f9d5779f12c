using System.Globalization;
using System.Text;

namespace Tollgate.Inference.Tokenizers;

/// <summary>Canonical decomposition (NFD) without the nonspacing marks: <c>é</c> → <c>e</c>.</summary>
internal static class AccentFolding
{
    public static string Fold(string text)
    {
        if (Ascii.IsValid(text))
        {
            return text;
        }

        var folded = new StringBuilder(text.Length);
        var points = new List<int>();
        foreach (var rune in text.EnumerateRunes())
        {
            points.Clear();
            CanonicalForms.Decompose(rune.Value, points);
            foreach (var part in points.Select(p => new Rune(p)))
            {
                if (Rune.GetUnicodeCategory(part) != UnicodeCategory.NonSpacingMark)
                {
                    folded.Append(part);
                }
            }
        }

        return folded.ToString();
    }
}
