using Tollgate.Accounts.Canaries;
using Tollgate.Contracts.Catalogue;

namespace Tollgate.Accounts.Tests.Canaries;

public sealed class CanaryJudgeTests
{
    private static readonly CanaryJudge Judge = new(CanaryOrder.Defaults, "2", "1");

    [Theory]
    [InlineData(60, 0, 940, 0, nameof(CanaryVerdict.Good))]
    [InlineData(49, 0, 940, 0, nameof(CanaryVerdict.Undecided))] // Fewer than 50.
    [InlineData(60, 0, 49, 0, nameof(CanaryVerdict.Undecided))]
    [InlineData(60, 1, 940, 1, nameof(CanaryVerdict.Good))] // 1.67 % − 0.11 % are within 2 points.
    [InlineData(60, 6, 940, 3, nameof(CanaryVerdict.Worse))] // 10 % against 0.3 %.
    [InlineData(60, 3, 60, 1, nameof(CanaryVerdict.Undecided))] // 5 % against 1.7 %: beyond the bound, but two failures may be chance.
    [InlineData(60, 30, 60, 30, nameof(CanaryVerdict.Good))] // Both fail alike: not the new version's fault.
    [InlineData(1000, 35, 1000, 5, nameof(CanaryVerdict.Worse))]
    public void Errors_beyond_the_bound_and_chance_are_worse(
        long requests, long failures, long oldRequests, long oldFailures, string verdict) => Assert.Equal(
        verdict, Judge.Judge(At(100, requests, failures), At(100, oldRequests, oldFailures), isOver: true).Verdict.ToString());

    [Theory]
    [InlineData(9, 9, 500, 0, nameof(CanaryVerdict.Undecided))] // Fewer than ten failures.
    [InlineData(10, 10, 500, 0, nameof(CanaryVerdict.Worse))]
    [InlineData(40, 10, 500, 100, nameof(CanaryVerdict.Undecided))] // 25 % against 20 %.
    [InlineData(10, 10, 0, 0, nameof(CanaryVerdict.Undecided))] // Nothing to compare with.
    [InlineData(1000, 0, 1000, 0, nameof(CanaryVerdict.Undecided))] // Good does not end a window early.
    public void A_window_ends_early_only_for_clear_failures(
        long requests, long failures, long oldRequests, long oldFailures, string verdict) => Assert.Equal(
        verdict, Judge.Judge(At(100, requests, failures), At(100, oldRequests, oldFailures), isOver: false).Verdict.ToString());

    [Theory]
    [InlineData(140, nameof(CanaryVerdict.Good))]
    [InlineData(300, nameof(CanaryVerdict.Worse))]
    public void Latency_beyond_the_bound_is_worse(double milliseconds, string verdict) => Assert.Equal(
        verdict, Judge.Judge(At(milliseconds, 100, 0), At(100, 900, 0), isOver: true).Verdict.ToString());

    [Fact]
    public void A_slow_tail_is_worse_although_the_median_is_the_same()
    {
        var slowTail = With((100, 85), (1000, 15));

        var judgement = Judge.Judge(slowTail, At(100, 900, 0), isOver: true);

        Assert.Equal(CanaryVerdict.Worse, judgement.Verdict);
        Assert.StartsWith("95th percentile of latency: ", judgement.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_tail_of_a_few_requests_may_be_chance()
    {
        var judgement = Judge.Judge(With((100, 56), (1000, 4)), With((100, 57), (1000, 3)), isOver: true);

        Assert.Equal(CanaryVerdict.Undecided, judgement.Verdict);
        Assert.EndsWith("That may be chance; more requests decide.", judgement.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Alone_it_is_judged_by_errors_against_the_window_before()
    {
        var before = At(100, 500, 5);

        Assert.Equal(CanaryVerdict.Undecided, Judge.JudgeAlone(At(900, 500, 5), before, isOver: false).Verdict);
        Assert.Equal(CanaryVerdict.Good, Judge.JudgeAlone(At(900, 500, 5), before, isOver: true).Verdict);
        Assert.Equal(CanaryVerdict.Worse, Judge.JudgeAlone(At(100, 500, 60), before, isOver: false).Verdict);
        Assert.Equal(CanaryVerdict.Good, Judge.JudgeAlone(Tally.None, before, isOver: true).Verdict);
    }

    [Fact]
    public void Alone_without_a_window_before_its_errors_are_held_against_the_bound()
    {
        Assert.Equal(CanaryVerdict.Worse, Judge.JudgeAlone(At(100, 10, 10), Tally.None, isOver: false).Verdict);
        Assert.Equal(CanaryVerdict.Worse, Judge.JudgeAlone(At(100, 20, 9), Tally.None, isOver: true).Verdict);
        Assert.Equal(CanaryVerdict.Good, Judge.JudgeAlone(At(100, 1000, 10), Tally.None, isOver: true).Verdict); // 1 point of 2.
    }

    [Fact]
    public void Alone_errors_that_may_be_chance_hold_the_last_window_open()
    {
        var judgement = Judge.JudgeAlone(At(100, 40, 3), At(100, 50, 0), isOver: true);

        Assert.Equal(CanaryVerdict.Undecided, judgement.Verdict);
        Assert.EndsWith("That may be chance; more requests decide.", judgement.Text, StringComparison.Ordinal);
        Assert.Equal(CanaryVerdict.Good, Judge.JudgeAlone(At(100, 200, 3), At(100, 50, 0), isOver: true).Verdict);
    }

    [Fact]
    public void The_same_version_twice_is_seldom_taken_for_worse()
    {
        var random = new Random(11);
        var worse = 0;
        for (var round = 0; round < 500; round++)
        {
            worse += Judge.Judge(Draw(random, 60), Draw(random, 1000), isOver: true).Verdict == CanaryVerdict.Worse ? 1 : 0;
        }

        Assert.InRange(worse, 0, 10); // Two in a hundred, with errors of 1 % and latencies over two doublings.
    }

    private static Tally Draw(Random random, int requests)
    {
        var buckets = new long[DurationBuckets.Count];
        var failures = 0;
        for (var request = 0; request < requests; request++)
        {
            if (random.NextDouble() < 0.01)
            {
                failures++;
            }
            else
            {
                buckets[DurationBuckets.IndexOf(TimeSpan.FromMilliseconds(100 * Math.Pow(4, random.NextDouble())))]++;
            }
        }

        return new Tally(requests, failures, buckets);
    }

    private static Tally At(double milliseconds, long requests, long failures) =>
        With((milliseconds, requests - failures)) with { Requests = requests, Failures = failures };

    private static Tally With(params (double Milliseconds, long Count)[] answers)
    {
        var buckets = new long[DurationBuckets.Count];
        foreach (var (milliseconds, count) in answers)
        {
            buckets[DurationBuckets.IndexOf(TimeSpan.FromMilliseconds(milliseconds))] += count;
        }

        return new Tally(answers.Sum(one => one.Count), 0, buckets);
    }
}
