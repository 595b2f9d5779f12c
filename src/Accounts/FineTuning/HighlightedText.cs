namespace Tollgate.Accounts.FineTuning;

/// <summary>A piece of a text.</summary>
/// <param name="Attribution">Null for white space and what no token covers.</param>
/// <param name="Strength">−4 (strongly against the label) to 4 (strongly for it), beside the strongest piece; 0 for weak pieces.</param>
public sealed record TextPiece(string Text, double? Attribution, int Strength);

/// <summary>Cuts a text at its tokens, so that each can be shown with its weight.</summary>
internal static class HighlightedText
{
    private const int Steps = 4;

    /// <summary>Pieces in the order of the text; together they are the text.</summary>
    /// <param name="tokens">Spans in code points. Tokens with the same span share a character, and their attributions are added.</param>
    public static IReadOnlyList<TextPiece> Cut(string text, IReadOnlyList<TrialToken> tokens)
    {
        var starts = StartsOf(text);
        var spans = tokens.Where(token => token.Start >= 0 && token.Start < token.End && token.End < starts.Count)
            .GroupBy(token => (token.Start, token.End))
            .Select(same => (same.Key.Start, same.Key.End, Attribution: same.Sum(token => token.Attribution)))
            .OrderBy(span => span.Start).ToList();
        var strongest = spans.Select(span => Math.Abs(span.Attribution)).DefaultIfEmpty(0).Max();
        List<TextPiece> pieces = [];
        var at = 0;
        foreach (var (start, end, attribution) in spans)
        {
            if (start < at)
            {
                continue; // It overlaps the one before.
            }

            if (start > at)
            {
                pieces.Add(new TextPiece(text[starts[at]..starts[start]], null, 0));
            }

            var strength = strongest > 0 ? (int)Math.Round(attribution / strongest * Steps, MidpointRounding.ToZero) : 0;
            pieces.Add(new TextPiece(text[starts[start]..starts[end]], attribution, strength));
            at = end;
        }

        if (starts[at] < text.Length)
        {
            pieces.Add(new TextPiece(text[starts[at]..], null, 0));
        }

        return pieces;
    }

    /// <summary>Where each code point starts in the text, and the text's end.</summary>
    private static List<int> StartsOf(string text)
    {
        List<int> starts = [];
        var at = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            starts.Add(at);
            at += rune.Utf16SequenceLength; // Of a lone surrogate one too, as of the rune that stands for it.
        }

        starts.Add(text.Length);
        return starts;
    }
}
