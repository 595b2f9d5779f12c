using System.Text;
using Tollgate.Inference.Tests.Tasks.Classification;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Inference.Tests.Tokenizers;

public sealed class TokenSpansTests
{
    public static TheoryData<string> Forms => new(UnigramFile.Forms);

    /// <summary>Each text with the parts that its tokens cover, parted by bars.</summary>
    [Theory]
    [InlineData("I love it", "I|love|it")]
    [InlineData("  I\tlove\r\nit \u00A0", "I|love|it")]
    [InlineData("It's GREAT!!", "It|'|s|GREAT|!|!")]
    [InlineData("😀 love", "😀|love")]
    [InlineData("love😀", "love😀")]
    [InlineData("e\u0301 love", "e\u0301|love")]
    [InlineData("lo\u0301ve", "lo\u0301ve")]
    [InlineData("我love它", "我|love|它")]
    [InlineData("love\u200Bly", "love\u200Bly")]
    [InlineData("", "")]
    [InlineData(" ", "")]
    public void A_word_piece_covers_what_it_was_made_of(string text, string expected)
    {
        var spans = TokenSpans.Find(ClassifierFolder.Tokenizer, text);

        Assert.Equal(ClassifierFolder.Tokenizer.Cut(text).Length, spans.Count);
        Assert.Equal(expected, string.Join('|', spans.Select(span => Part(text, span))));
    }

    [Fact]
    public void Pieces_of_a_word_part_it()
    {
        const string Text = "unbelievableness";

        var spans = TokenSpans.Find(ClassifierFolder.Tokenizer, Text);

        Assert.True(spans.Count > 1);
        Assert.Equal(Text, string.Concat(spans.Select(span => Part(Text, span))));
    }

    [Fact]
    public void Spans_of_word_pieces_come_in_order() =>
        Check(ClassifierFolder.Tokenizer);

    [Theory]
    [MemberData(nameof(Forms))]
    public void Spans_of_unigrams_come_in_order(string form) =>
        Check(TokenizerFile.ReadFramed(Encoding.UTF8.GetBytes(UnigramFile.Make(form).ToJsonString())));

    private static void Check(IFramedTokenizer tokenizer)
    {
        foreach (var text in TextFuzz.Texts(1500).Concat(
            ["``quoted''", "🇨🇳🇨🇳👩‍👩‍👧", "e\u0301e\u0301\u0301 ﬁ\u0301 \u0301", "한글 한", "▁marked▁▁text"]))
        {
            var spans = TokenSpans.Find(tokenizer, text);
            var points = text.EnumerateRunes().Count();

            Assert.Equal(tokenizer.Cut(text).Length, spans.Count);
            Assert.All(spans, span => Assert.True(span.Start >= 0 && span.Start <= span.End && span.End <= points, text));
            Assert.Equal(spans.Select(span => span.Start).Order(), spans.Select(span => span.Start));
        }
    }

    /// <summary>As Python cuts: by code points.</summary>
    private static string Part(string text, TokenSpan span) =>
        string.Concat(text.EnumerateRunes().Skip(span.Start).Take(span.End - span.Start));
}
