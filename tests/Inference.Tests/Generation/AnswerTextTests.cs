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
