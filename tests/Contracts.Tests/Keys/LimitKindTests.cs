using Tollgate.Contracts.Keys;

namespace Tollgate.Contracts.Tests.Keys;

public sealed class LimitKindTests
{
    [Fact]
    public void Every_limit_has_one_kind_that_reads_and_writes_it()
    {
        var members = typeof(Limits).GetProperties().Where(member => member.PropertyType == typeof(long?)).ToList();

        Assert.Equal(members.Count, LimitKinds.All.Count);
        Assert.Equal(LimitKinds.All.Count, LimitKinds.All.DistinctBy(kind => kind.Name).Count());
        Assert.Equal(LimitKinds.All.Count, LimitKinds.All.DistinctBy(kind => kind.Field).Count());
        Assert.Equal(
            members.Select(member => member.Name).Order(),
            LimitKinds.All.Select(kind => Assert.Single(members, member => member.GetValue(kind.With(Limits.None, 7)) is 7L).Name).Order());
        Assert.All(LimitKinds.All, kind => Assert.Equal(7, kind.Of(kind.With(Limits.None, 7))));
        Assert.All(LimitKinds.All, kind => Assert.Equal(Limits.None, kind.Write(kind.With(Limits.None, 7), null)));
    }

    [Fact]
    public void A_budget_is_written_in_dollars_and_kept_in_whole_nano_dollars_rounded_down()
    {
        var limits = BudgetKind.Monthly.Write(Limits.None, 2.0000000019m);

        Assert.Equal(2_000_000_001, limits.BudgetPerMonthNanoUsd);
        Assert.Equal(2.000000001m, BudgetKind.Monthly.Read(limits));
    }

    [Theory]
    [InlineData("rpm", "1 to 1,000,000,000", 1, true)]
    [InlineData("rpm", "1 to 1,000,000,000", 1_000_000_000, true)]
    [InlineData("rpm", "1 to 1,000,000,000", 1_000_000_001, false)]
    [InlineData("tpd", "1 to 100,000,000", 0, false)]
    [InlineData("tpd", "1 to 100,000,000", 1.5, false)]
    [InlineData("concurrency", "1 to 1,000,000", -1, false)]
    [InlineData("budget_day", "0.000001 to 1,000,000", 0.000001, true)]
    [InlineData("budget_day", "0.000001 to 1,000,000", 0.0000009, false)]
    [InlineData("budget_month", "0.000001 to 1,000,000", 1_000_000.01, false)]
    public void A_kind_admits_the_numbers_of_its_range(string name, string range, double number, bool admitted)
    {
        var kind = LimitKinds.All.Single(kind => kind.Name == name);

        Assert.Equal((range, admitted), (kind.Range, kind.Admits((decimal)number)));
    }

    [Fact]
    public void A_bucket_of_the_largest_limit_counts_exactly_in_Lua() =>
        Assert.All(RateLimitKind.Buckets, kind => Assert.True(kind.Most * (decimal)kind.WindowMs < 1L << 53, kind.Name));
}
