using Tollgate.Accounts.Canaries;

namespace Tollgate.Accounts.Tests.Canaries;

public sealed class ProportionsTests
{
    // Newcombe (1998), Statistics in Medicine 17, tables I and II, method 10, at 95 %.
    [Theory]
    [InlineData(56, 70, 48, 80, 0.0524)]
    [InlineData(9, 10, 3, 10, 0.1705)]
    [InlineData(5, 56, 0, 29, -0.0381)]
    [InlineData(10, 10, 0, 20, 0.6791)]
    public void LeastDifference_is_the_published_lower_bound(long hits, long trials, long otherHits, long otherTrials, double bound) =>
        Assert.Equal(bound, Proportions.LeastDifference((hits, trials), (otherHits, otherTrials), 1.959964), 4);

    [Fact]
    public void Interval_without_trials_excludes_nothing() => Assert.Equal((0, 1), Proportions.Interval(0, 0, 1.96));

    [Fact]
    public void Interval_of_no_hits_reaches_above_zero()
    {
        var (low, high) = Proportions.Interval(0, 10, 1.959964);

        Assert.Equal(0, low);
        Assert.Equal(0.2775, high, 4); // z² / (n + z²) = 3.8415 / 13.8415
    }
}
