using Tollgate.Accounts.FineTuning;

namespace Tollgate.Accounts.Tests.FineTuning;

public sealed class HighlightedTextTests
{
    [Fact]
    public void Cut_counts_code_points_and_adds_what_shares_a_span()
    {
        const string Text = "I ❤️ 😀 x";
        TrialToken[] tokens =
        [
            new("", 0, 0, 0), new("I", 0, 1, 0.1), new("❤️", 2, 4, 0.2), new("❤️", 2, 4, 0.2), new("😀", 5, 6, -0.4), new("x", 7, 8, 0),
            new("", 8, 8, 0),
        ];

        var pieces = HighlightedText.Cut(Text, tokens);

        Assert.Equal(Text, string.Concat(pieces.Select(piece => piece.Text)));
        Assert.Equal(
            [("I", 1), ("❤️", 4), ("😀", -4), ("x", 0)], // 0.1 of 0.4, 0.2 twice, −0.4
            pieces.Where(piece => piece.Attribution is not null).Select(piece => (piece.Text, piece.Strength)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a")]
    [InlineData("\ud83d alone")]
    public void Cut_returns_the_text_whatever_the_spans_are(string text)
    {
        TrialToken[] tokens = [new("?", -1, 2, 1), new("?", 5, 3, 1), new("?", 0, 99, 1), new("?", int.MaxValue - 1, int.MaxValue, 1)];

        Assert.Equal(text, string.Concat(HighlightedText.Cut(text, tokens).Select(piece => piece.Text)));
    }
}
