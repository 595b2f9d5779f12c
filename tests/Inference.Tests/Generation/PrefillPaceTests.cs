using Tollgate.Inference.Generation;

namespace Tollgate.Inference.Tests.Generation;

public sealed class PrefillPaceTests
{
    private static readonly TimeSpan Target = TimeSpan.FromMilliseconds(40);

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
            var pace = new PrefillPace(lengths);
            for (var left = tokens; left > 0;)
            {
                var chunk = pace.NextChunk(left, random.Next(4) > 0 ? pace.TokensWithin(Target) : int.MaxValue);

                Assert.Contains(chunk, lengths);
                left -= chunk;
                pace.Measured(chunk, TimeSpan.FromMilliseconds(chunk * (0.1 + (random.NextDouble() * 4)))); // 10 to 400 tokens a target
            }
        }
    }

    [Fact]
    public void NextChunk_leaves_no_single_token()
    {
        var pace = new PrefillPace(Tiled);
        pace.Measured(16, TimeSpan.FromSeconds(1)); // so slow that chunks are as short as they get
        var chunks = new List<int>();

        for (var left = 241; left > 0; left -= chunks[^1])
        {
            chunks.Add(pace.NextChunk(left, pace.TokensWithin(Target)));
        }

        Assert.Equal([.. Enumerable.Repeat(16, 14), 17], chunks); // 15 × 16 + 1
        Assert.Equal(31, pace.NextChunk(left: 33, most: 32)); // 33 may not be, and 32 leaves one.
    }

    [Fact]
    public void NextChunk_reads_in_one_piece_what_may_be_one_and_one_token_alone()
    {
        var pace = new PrefillPace(Tiled);

        Assert.Equal([1, 2, 3, 32, 31, 34, 63, 95, 128], Array.ConvertAll(
            [1, 2, 3, 32, 33, 34, 65, 97, 128], left => pace.NextChunk(left, most: int.MaxValue)));
    }

    [Fact]
    public void NextChunk_with_one_length_cuts_by_the_prompt_alone()
    {
        var pace = new PrefillPace([32]);
        pace.Measured(16, TimeSpan.FromSeconds(1));

        Assert.Equal([1, 31, 32, 32, 32], Array.ConvertAll([1, 31, 32, 33, 500], left => pace.NextChunk(left, most: 16)));
        Assert.Equal(32, pace.NextChunk(left: 500, most: int.MaxValue));
    }

    [Fact]
    public void TokensWithin_follows_what_was_measured()
    {
        var pace = new PrefillPace(Tiled);
        Assert.Equal(32, pace.TokensWithin(Target)); // Nothing was measured yet.

        pace.Measured(100, TimeSpan.FromMilliseconds(80)); // 0.8 ms a token

        Assert.Equal(50, pace.TokensWithin(Target));
        Assert.Equal(16, pace.TokensWithin(TimeSpan.FromMilliseconds(-5)));
    }

    [Fact]
    public void TokensWithin_tells_the_fixed_time_of_a_step_from_that_of_its_tokens()
    {
        var pace = new PrefillPace(Tiled);
        foreach (var tokens in (int[])[128, 64, 20, 128, 40, 512])
        {
            pace.Measured(tokens, TimeSpan.FromMilliseconds(15 + (0.5 * tokens)));
        }

        Assert.Equal(50, pace.TokensWithin(Target), tolerance: 1);
        Assert.Equal(370, pace.TokensWithin(TimeSpan.FromMilliseconds(200)), tolerance: 1);
    }

    [Fact]
    public void NextChunk_leaves_no_turn_to_a_few_last_tokens()
    {
        var pace = new PrefillPace(Tiled);

        Assert.Equal([20, 30, 20, 20], Array.ConvertAll([20, 30, 31, 40], left => pace.NextChunk(left, most: 20)));
    }

    [Fact]
    public void LengthFor_is_the_least_exact_length_that_holds_a_prompt()
    {
        var pace = new PrefillPace(Tiled);

        Assert.Equal([2, 3, 34, 128, null], Array.ConvertAll([1, 3, 33, 128, 129], pace.LengthFor));
        Assert.Null(new PrefillPace([32]).LengthFor(20)); // There each prompt is cut in its own way.
    }

    [Fact]
    public void Lengths_that_cannot_cut_every_prompt_are_refused() =>
        Assert.Throws<ArgumentException>(() => new PrefillPace([2, 4, 6]));
}
