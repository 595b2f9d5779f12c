using System.Text;
using Tollgate.Inference.Generation;

namespace Tollgate.Inference.Tests.Generation;

public sealed class AnswerTextTests
{
    [Fact]
    public void Take_holds_back_a_code_point_that_is_split_over_tokens()
    {
        var text = new AnswerText([]);
        var euro = "€"u8.ToArray();

        text.Append([(byte)'a', euro[0]]);
        var first = text.Take();
        text.Append([euro[1]]);
        var second = text.Take();
        text.Append([euro[2], (byte)'b']);
        var third = text.Take();

        Assert.Equal(("a", "", "€b"), (first, second, third));
        Assert.Equal(3, text.DeliveredTokens);
    }

    [Fact]
    public void Take_counts_a_token_only_when_its_text_is_out_whole()
    {
        var text = new AnswerText(["END"u8.ToArray()]);

        text.Append("one E"u8);
        Assert.Equal("one ", text.Take());
        Assert.Equal(0, text.DeliveredTokens);
        text.Append("N"u8);
        Assert.Equal("", text.Take());
        text.Append("ough"u8);
        Assert.Equal("ENough", text.Take());
        Assert.Equal(3, text.DeliveredTokens);
    }

    [Theory]
    [InlineData("Hello", " wor", "ld")]
    [InlineData("Hello wor", "ld", "!")]
    [InlineData("H", "e", "llo world")]
    public void Append_finds_a_stop_text_however_tokens_cut_it(params string[] tokens)
    {
        var text = new AnswerText(["o w"u8.ToArray(), "ld"u8.ToArray()]);
        var sent = "";

        foreach (var token in tokens)
        {
            if (!text.Stopped)
            {
                text.Append(Encoding.UTF8.GetBytes(token));
                sent += text.Take();
            }
        }

        Assert.True(text.Stopped);
        Assert.Equal("Hell", sent + text.TakeRest());
    }

    [Fact]
    public void TakeRest_gives_what_was_held_back_and_counts_every_token()
    {
        var text = new AnswerText(["STOP"u8.ToArray()]);
        text.Append("a ST"u8);
        text.Append("O"u8);
        Assert.Equal("a ", text.Take());

        Assert.Equal("STO", text.TakeRest());
        Assert.Equal(2, text.DeliveredTokens);
        Assert.False(text.Stopped);
    }

    [Theory]
    [InlineData(false, "one t", 3)] // "two" is partly in the text, " three" is not.
    [InlineData(true, "one two t", 5)]
    public void A_stop_text_in_the_middle_of_tokens_shows_those_with_a_part_in_the_text_alone(bool include, string expected, int shown)
    {
        var text = new AnswerText(["wo t"u8.ToArray()], include);
        var sent = "";

        foreach (var token in (string[])["o", "ne", " tw", "o", " three"])
        {
            text.Append(Encoding.UTF8.GetBytes(token));
            sent += text.Stopped ? text.TakeRest() : text.Take();
        }

        Assert.True(text.Stopped);
        Assert.Equal((expected, shown), (sent, text.ShownTokens));
        Assert.Equal(5, text.DeliveredTokens); // Billed all the same.
    }

    [Fact]
    public void A_token_is_shown_with_the_first_of_its_text_and_one_without_text_with_what_follows()
    {
        var text = new AnswerText(["STOP"u8.ToArray()]);
        var euro = "€"u8.ToArray();

        text.Append([(byte)'a', euro[0]]);
        Assert.Equal(("a", 1), (text.Take(), text.ShownTokens));
        text.Append([euro[1]]);
        text.Append([euro[2]]);
        text.Append([]);
        Assert.Equal(("€", 3), (text.Take(), text.ShownTokens));
        text.Append("b"u8);
        Assert.Equal(("b", 5), (text.Take(), text.ShownTokens));
        text.Append("STOP"u8);
        Assert.Equal(("", 5), (text.TakeRest(), text.ShownTokens));
    }

    [Fact]
    public void A_stop_text_that_begins_before_it_may_is_text()
    {
        var text = new AnswerText(["ab"u8.ToArray()]);

        text.Append("xab"u8, mayStop: false);
        text.Append("a"u8, mayStop: false);
        Assert.Equal("xaba", text.Take());
        text.Append("b"u8);
        Assert.Equal("b", text.Take());
        text.Append("a"u8);
        Assert.Equal("", text.Take());
        text.Append("b"u8);

        Assert.True(text.Stopped);
        Assert.Equal("", text.TakeRest());
    }

    [Fact]
    public void Take_replaces_bytes_that_can_never_become_text()
    {
        var text = new AnswerText([]);

        text.Append([0xE2, 0x82]);
        Assert.Equal("", text.Take());
        text.Append("x"u8);

        Assert.Equal("\uFFFDx", text.Take());
    }

    [Fact]
    public void Take_over_any_cut_gives_the_same_text_as_one_piece()
    {
        var bytes = "Grüße 你好 👩‍🚀 end"u8.ToArray();
        for (var size = 1; size <= 7; size++)
        {
            var text = new AnswerText(["nothing like it"u8.ToArray()]);
            var sent = new StringBuilder();
            foreach (var piece in bytes.Chunk(size))
            {
                text.Append(piece);
                sent.Append(text.Take());
            }

            Assert.Equal("Grüße 你好 👩‍🚀 end", sent.Append(text.TakeRest()).ToString());
        }
    }
}
