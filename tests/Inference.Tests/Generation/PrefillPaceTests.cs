using Tollgate.Inference.Generation;

namespace Tollgate.Inference.Tests.Generation;

public sealed class PrefillPaceTests
{
    private static readonly TimeSpan StallTarget = TimeSpan.FromMilliseconds(40);

    /// <summary>Lengths up to 128 without those that leave one token to the last tile of 32: 33, 65 and 97.</summary>
    private static readonly int[] Tiled = [.. Enumerable.Range(2, 127).Where(length => length % 32 != 1)];

    [Theory]
    [InlineData(16, 4)]
    [InlineData(17, 17)]
    [InlineData(128, 32)]
    [InlineData(128, 213)]
    public void NextChunk_cuts_every_prompt_at_every_pace_into_lengths_that_may_be(int longest, int tile)
    {
        var lengths = Enumerable.Range(2, longest - 1).Where(length => length % tile != 1).ToArray();
        var random = new Random(longest);
        for (var tokens = 2; tokens <= 600; tokens++)
        {
            var pace = new PrefillPace(StallTarget, lengths);
            for (var left = tokens; left > 0;)
            {
                var chunk = pace.NextChunk(left, decoding: random.Next(4) > 0);

                Assert.Contains(chunk, lengths);
                left -= chunk;
                pace.Measured(chunk, TimeSpan.FromMilliseconds(chunk * (0.1 + (random.NextDouble() * 4)))); // 10 to 400 tokens a target
            }
        }
    }

    [Fact]
    public void NextChunk_leaves_no_single_token()
    {
        var pace = new PrefillPace(StallTarget, Tiled);
        pace.Measured(16, TimeSpan.FromSeconds(1)); // so slow that chunks are as short as they get
        var chunks = new List<int>();

        for (var left = 241; left > 0; left -= chunks[^1])
        {
            chunks.Add(pace.NextChunk(left, decoding: true));
        }

        Assert.Equal([.. Enumerable.Repeat(16, 14), 15, 2], chunks); // 15 × 16 + 1
    }

    [Fact]
    public void NextChunk_reads_in_one_piece_what_may_be_one_and_one_token_alone()
    {
        var pace = new PrefillPace(StallTarget, Tiled);

        Assert.Equal([1, 2, 3, 32, 31, 34, 63, 95, 128], Array.ConvertAll(
            [1, 2, 3, 32, 33, 34, 65, 97, 128], left => pace.NextChunk(left, decoding: false)));
    }

    [Fact]
    public void NextChunk_with_one_length_cuts_by_the_prompt_alone()
    {
        var pace = new PrefillPace(StallTarget, [32]);
        pace.Measured(16, TimeSpan.FromSeconds(1));

        Assert.Equal([1, 31, 32, 32, 32], Array.ConvertAll([1, 31, 32, 33, 500], left => pace.NextChunk(left, decoding: true)));
        Assert.Equal(32, pace.NextChunk(left: 500, decoding: false));
    }

    [Fact]
    public void NextChunk_follows_the_pace_only_while_answers_run()
    {
        var pace = new PrefillPace(StallTarget, Tiled);
        Assert.Equal(32, pace.NextChunk(left: 500, decoding: true)); // Nothing was measured yet.

        pace.Measured(100, TimeSpan.FromMilliseconds(80)); // 0.8 ms a token: 50 within 40 ms

        Assert.Equal(50, pace.NextChunk(left: 500, decoding: true));
        Assert.Equal(128, pace.NextChunk(left: 500, decoding: false));
    }

    [Fact]
    public void Lengths_that_cannot_cut_every_prompt_are_refused() =>
        Assert.Throws<ArgumentException>(() => new PrefillPace(StallTarget, [2, 4, 6]));
}
