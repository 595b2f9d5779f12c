using FsCheck;
using FsCheck.Fluent;
using Tollgate.Contracts.Metering;

namespace Tollgate.Contracts.Tests.Usage;

public sealed class UnitsTests
{
    [Fact]
    public void TryParse_reads_what_ToString_writes()
    {
        var count = Gen.OneOf(Gen.Choose(0, 1000).Select(n => (long)n), Gen.Constant(long.MaxValue));
        var all =
            from a in count from b in count from c in count from d in count from e in count from f in count from g in count from h in count
            from i in count from j in count
            select new Units(a, b, c, d, e, f, g, h, i, j);

        Prop.ForAll(all.ToArbitrary(), units => Units.TryParse(units.ToString(), out var parsed) && parsed == units)
            .QuickCheckThrowOnFailure();
    }

    [Theory]
    [InlineData("1,2,3,4,5,6", true)]
    [InlineData("0,0,0,0,0,0", true)]
    [InlineData("", false)]
    [InlineData("1", false)]
    [InlineData("1,2,3,4,5", false)]
    [InlineData("1,2,3,4,5,6,7,8", true)]
    [InlineData("1,2,3,4,5,6,0,8", true)]
    [InlineData("1,2,3,4,5,6,7,8,0,10", true)]
    [InlineData("1,2,3,4,5,6,0,0,9,0", true)]
    [InlineData("1,2,3,4,5,6,7,8,9,10,11", false)]
    [InlineData("1,2,3,4,5,6,7,", false)]
    [InlineData("1,2,3,4,5,", false)]
    [InlineData("1,2,3,4,5,-6", false)]
    [InlineData("1,2,3,4,5,+6", false)]
    [InlineData("1,2,3,4,5, 6", false)]
    [InlineData("1,2,3,4,5,6.0", false)]
    [InlineData("1,2,3,4,5,9223372036854775808", false)]
    [InlineData("1,2,3,4,5,٦", false)]
    public void TryParse_takes_six_eight_or_ten_plain_counts_and_nothing_else(string text, bool taken)
    {
        Assert.Equal(taken, Units.TryParse(text, out var units));
        Assert.Equal(taken, units.ToString() == text);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1000)]
    [InlineData(1000, 1000)]
    [InlineData(1001, 2000)]
    [InlineData(29_999, 30_000)]
    public void BilledAudioMs_makes_each_begun_second_a_whole_one(long milliseconds, long billed) =>
        Assert.Equal(billed, Units.BilledAudioMs(milliseconds));

    [Fact]
    public void IsWithin_compares_prompt_completion_and_every_other_kind()
    {
        var bound = new Units(1, 1, 2, 0, 3, 4, 5, 6, 7, 8);

        Assert.True(new Units(0, 2, 1, 1, 3, 4, 5, 6, 7, 8).IsWithin(bound)); // Parts of the prompt may change places.
        Assert.All(
            (Units[])
            [
                bound with { Input = 2 }, bound with { Reasoning = 1 }, bound with { AudioMs = 4 }, bound with { Images = 5 },
                bound with { Pixels = 6 }, bound with { Steps = 7 }, bound with { Calls = 8 }, bound with { Elements = 9 },
            ],
            units => Assert.False(units.IsWithin(bound)));
    }

    [Fact]
    public void Prompt_and_Completion_add_disjoint_counts()
    {
        var units = new Units(Input: 1, Cached: 2, Output: 4, Reasoning: 8);

        Assert.Equal((3, 12), (units.Prompt, units.Completion));
    }
}
