using Tollgate.Accounts.Canaries;
using Tollgate.Contracts.Catalogue;

namespace Tollgate.Accounts.Tests.Canaries;

public sealed class TallyTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(40)]
    [InlineData(1000)]
    public void DurationAt_is_within_a_bucket_of_the_sorted_durations(int count)
    {
        var random = new Random(count);
        double[] durations = [.. Enumerable.Range(0, count).Select(_ => Math.Exp((random.NextDouble() * 6) + 1)).Order()];

        var tally = Of(durations);

        foreach (var quantile in (double[])[Tally.Median, Tally.High])
        {
            var exact = durations[Math.Max(0, (int)Math.Ceiling(quantile * count) - 1)];
            Assert.InRange(tally.DurationAt(quantile)!.Value / exact, Math.Pow(2, -0.25) - 1e-9, Math.Pow(2, 0.25) + 1e-9);
        }
    }

    [Fact]
    public void DurationAt_with_deviations_bounds_the_true_quantile()
    {
        var random = new Random(7);
        var (below, above) = (0, 0);
        for (var round = 0; round < 1000; round++)
        {
            var tally = Of([.. Enumerable.Range(0, 60).Select(_ => Math.Exp(random.NextDouble() * 6))]);
            below += tally.DurationAt(Tally.Median, -1.645) > Math.Exp(3) ? 1 : 0;
            above += tally.DurationAt(Tally.Median, 1.645) < Math.Exp(3) ? 1 : 0;
        }

        Assert.InRange(below, 10, 90); // Of 1000 bounds at one-sided 95 %, about 50 miss.
        Assert.InRange(above, 10, 90);
    }

    [Fact]
    public void DurationAt_without_answers_is_null() => Assert.Null(new Tally(3, 3, new long[DurationBuckets.Count]).DurationAt(0.5));

    private static Tally Of(double[] milliseconds)
    {
        var buckets = new long[DurationBuckets.Count];
        foreach (var one in milliseconds)
        {
            buckets[DurationBuckets.IndexOf(TimeSpan.FromMilliseconds(one))]++;
        }

        return new Tally(milliseconds.Length, 0, buckets);
    }
}
