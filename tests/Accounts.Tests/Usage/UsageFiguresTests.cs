using Tollgate.Accounts.Usage;
using Tollgate.Contracts.Reports;

namespace Tollgate.Accounts.Tests.Usage;

public sealed class UsageFiguresTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Of_sums_all_rows_and_counts_cached_tokens_as_input()
    {
        var sum = UsageFigures.Of(new UsageReport(Noon, [Row(0, "a", 0.1m), Row(1, "b", 0.2m)]));

        Assert.Equal((2L, 22L, 6L, 28L, 0.3m), (sum.Requests, sum.InputTokens, sum.OutputTokens, sum.Tokens, sum.Amount));
        Assert.Equal(("Cached input tokens", 2L), sum.Media[0]);
    }

    [Fact]
    public void Of_no_report_is_nothing_and_has_empty_buckets()
    {
        var figures = UsageFigures.Of(null);

        Assert.Null(figures.Report);
        Assert.Equal(0, figures.Tokens);
        Assert.All(figures.Buckets(Noon, Noon.AddHours(3), TimeSpan.FromHours(1)), bucket => Assert.Equal(0, bucket.Sum.Requests));
    }

    [Fact]
    public void By_puts_the_most_expensive_first_and_of_equal_ones_the_busiest()
    {
        var figures = UsageFigures.Of(new UsageReport(
            Noon, [Row(0, "cheap", 0.1m), Row(0, "equal", 0.5m), Row(0, "busy", 0.25m), Row(1, "busy", 0.25m)]));

        Assert.Equal(["busy", "equal", "cheap"], figures.By(row => row.Model!).Select(sum => sum.Key));
    }

    [Fact]
    public void Buckets_begin_at_whole_widths_of_utc_and_none_is_missing()
    {
        var figures = UsageFigures.Of(new UsageReport(Noon, [Row(0, "a", 0.1m), Row(2, "a", 0.2m), Row(2, "b", 0.3m)]));

        var buckets = figures.Buckets(Noon.AddMinutes(20).ToOffset(TimeSpan.FromHours(2)), Noon.AddHours(3), TimeSpan.FromHours(1));

        Assert.Equal([Noon, Noon.AddHours(1), Noon.AddHours(2)], buckets.Select(bucket => bucket.Start)); // The end does not belong to it.
        Assert.Equal([0.1m, 0, 0.5m], buckets.Select(bucket => bucket.Sum.Amount));
        Assert.Equal(
            $"[[{Noon.ToUnixTimeSeconds()},{Noon.AddHours(1).ToUnixTimeSeconds()},{Noon.AddHours(2).ToUnixTimeSeconds()}],"
            + "[1,0,2],[11,0,22],[3,0,6],[0.1,0,0.5]]",
            UsageFigures.Series(buckets));
    }

    /// <summary>One request of 10 input tokens, 1 cached one and 3 output tokens.</summary>
    private static UsageRow Row(int hour, string model, decimal amount) =>
        new(Noon.AddHours(hour), null, null, null, model, null, 1, 10, 1, 3, amount);
}
