using System.Globalization;
using System.Text;

namespace Tollgate.Inference.Tokenizers;

/// <summary>A token as a tokenizer spells it.</summary>
/// <param name="Text">What it stands for in the normalised text, whatever its id.</param>
/// <param name="ContinuesLast">Whether it is a further part of the character that the token before it begins.</param>
internal readonly record struct SpelledToken(string Text, bool ContinuesLast = false);

/// <summary>Where a token stands in a text, in Unicode code points. The end is exclusive.</summary>
internal readonly record struct TokenSpan(int Start, int End);

/// <summary>
/// Finds the tokens of a text in the text itself, whatever the tokenizer made of it: blanks and marks of words apart, the characters of
/// all tokens are those of the text's graphemes, each normalised by itself.
/// </summary>
internal static class TokenSpans
{
    /// <summary>Finds the spans.</summary>
    /// <returns>One for each token of <see cref="IFramedTokenizer.Cut"/>, in order. It covers whole graphemes, so that tokens of one
    /// grapheme have the same span; a token of white space alone has an empty one. Where a normaliser joins what blanks part, each span
    /// is the whole text.</returns>
    public static IReadOnlyList<TokenSpan> Find(IFramedTokenizer tokenizer, string text)
    {
        var points = CountPoints(text);
        var tokens = tokenizer.Spell(text);
        string[] spelled = [.. tokens.Select(token => Dense(tokenizer, token.Text))];
        var cells = Cells(tokenizer, text);
        if (string.Concat(spelled) != string.Concat(cells.Select(cell => cell.Normalised)))
        {
            return [.. spelled.Select(_ => new TokenSpan(0, points[^1]))];
        }

        TokenSpan[] owners =
        [
            .. cells.SelectMany(cell => Enumerable.Repeat(new TokenSpan(points[cell.Start], points[cell.End]), cell.Normalised.Length)),
        ];
        var (spans, place) = (new List<TokenSpan>(tokens.Count), 0);
        for (var i = 0; i < tokens.Count; i++)
        {
            var (first, length) = (place, spelled[i].Length);
            place += length;
            spans.Add(length > 0 ? new TokenSpan(owners[first].Start, owners[place - 1].End)
                : tokens[i].ContinuesLast && i > 0 ? spans[i - 1]
                : place < owners.Length ? new TokenSpan(owners[place].Start, owners[place].Start)
                : new TokenSpan(points[^1], points[^1]));
        }

        return spans;
    }

    /// <summary>The smallest parts of a text that are normalised alone as they are in it: graphemes, or else words.</summary>
    private static List<Cell> Cells(IFramedTokenizer tokenizer, string text)
    {
        var cells = new List<Cell>();
        for (var start = 0; start < text.Length; start++)
        {
            var end = start;
            while (end < text.Length && !char.IsWhiteSpace(text[end]))
            {
                end++;
            }

            AddWord(start, end);
            start = end; // The white space behind the word.
        }

        return cells;

        void AddWord(int start, int end)
        {
            var before = cells.Count;
            for (var at = start; at < end;)
            {
                var length = StringInfo.GetNextTextElementLength(text.AsSpan(at, end - at));
                cells.Add(Make(at, at + length));
                at += length;
            }

            var whole = Make(start, end);
            if (string.Concat(cells.Skip(before).Select(cell => cell.Normalised)) != whole.Normalised)
            {
                cells.RemoveRange(before, cells.Count - before);
                cells.Add(whole);
            }
        }

        Cell Make(int start, int end) => new(start, end, Dense(tokenizer, tokenizer.Normalize(text.AsSpan(start, end - start))));
    }

    private static string Dense(IFramedTokenizer tokenizer, string text)
    {
        var dense = new StringBuilder(text.Length);
        foreach (var character in text)
        {
            if (!char.IsWhiteSpace(character) && character != tokenizer.WordMark)
            {
                dense.Append(character);
            }
        }

        return dense.ToString();
    }

    /// <summary>For each place of a text, its end included, how many code points stand before it.</summary>
    private static int[] CountPoints(string text)
    {
        var points = new int[text.Length + 1];
        for (var at = 0; at < text.Length; at++)
        {
            points[at + 1] = points[at] + (char.IsLowSurrogate(text[at]) ? 0 : 1);
        }

        return points;
    }

    /// <param name="Start">In UTF-16 code units, as <paramref name="End"/>.</param>
    private readonly record struct Cell(int Start, int End, string Normalised);
}
