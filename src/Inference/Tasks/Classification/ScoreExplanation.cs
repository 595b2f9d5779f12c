using Tollgate.Inference.Explanations;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Inference.Tasks.Classification;

/// <summary>A token of a client's text and what it adds to the score.</summary>
/// <param name="Text">The part of the text; empty for a token that frames the text, and for one of white space.</param>
/// <param name="Span">Where that part stands.</param>
internal sealed record ExplainedToken(string Text, TokenSpan Span, double Attribution);

/// <summary>What the tokens of a client's text add to the score of a label.</summary>
internal sealed record ScoreExplanation(TextExplanation Found, IReadOnlyList<ExplainedToken> Tokens)
{
    /// <param name="rows">What was explained.</param>
    /// <param name="found">Its explanation.</param>
    /// <param name="text">The client's text, whose first tokens the rows hold between those that frame them.</param>
    public static ScoreExplanation Of(IFramedTokenizer tokenizer, ExplainedText rows, TextExplanation found, string text)
    {
        var spans = TokenSpans.Find(tokenizer, text);
        var units = UnitsOf(text);
        var (tokens, next, end) = (new List<ExplainedToken>(), 0, 0);
        foreach (var parts in found.Parts)
        {
            for (var i = 0; i < parts.Length; i++)
            {
                var isFrame = i < rows.Prefix || i >= parts.Length - rows.Suffix;
                var span = isFrame ? new TokenSpan(end, end) : spans[next++];
                end = span.End;
                tokens.Add(new ExplainedToken(text[units[span.Start]..units[span.End]], span, parts[i]));
            }
        }

        return new ScoreExplanation(found, tokens);
    }

    /// <summary>For each code point of a text, and for its end, its place in UTF-16 code units.</summary>
    private static List<int> UnitsOf(string text)
    {
        var units = new List<int>(text.Length + 1);
        for (var at = 0; at < text.Length; at++)
        {
            if (!char.IsLowSurrogate(text[at]))
            {
                units.Add(at);
            }
        }

        units.Add(text.Length);
        return units;
    }
}
