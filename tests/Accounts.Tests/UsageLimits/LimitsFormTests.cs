using System.ComponentModel.DataAnnotations;
using Tollgate.Accounts.UsageLimits;
using Tollgate.Contracts.Keys;

namespace Tollgate.Accounts.Tests.UsageLimits;

/// <summary>The form for limits, without a page.</summary>
public sealed class LimitsFormTests
{
    [Fact]
    public void A_form_that_was_filled_gives_the_same_limits_back()
    {
        var limits = new Limits
        {
            RequestsPerMinute = 60, TokensPerMinute = 1_000_000_000, RequestsPerDay = 1, TokensPerDay = 100_000_000, Concurrency = 7,
            BudgetPerDayNanoUsd = 1_000, BudgetPerMonthNanoUsd = 1_000_000_000_000_000,
        };
        var form = new LimitsForm();

        form.Read(limits);

        Assert.Empty(Faults(form));
        Assert.Equal(limits, form.ApplyTo(Limits.None));
    }

    [Fact]
    public void An_empty_field_takes_a_limit_away()
    {
        var form = new LimitsForm { Limits = new() { ["rpm"] = " " } };

        Assert.Empty(Faults(form));
        Assert.Equal(Limits.None, form.ApplyTo(new Limits { RequestsPerMinute = 60, BudgetPerDayNanoUsd = 5 }));
    }

    [Theory]
    [InlineData("rpm", "0")]
    [InlineData("rpm", "1.5")]
    [InlineData("rpm", "1000000001")]
    [InlineData("tpd", "100000001")]
    [InlineData("concurrency", "1000001")]
    [InlineData("concurrency", "-1")]
    [InlineData("rpm", "1e3")]
    [InlineData("rpm", "1,000")]
    [InlineData("rpm", "99999999999999999999999999999999")]
    [InlineData("budget_day", "0")]
    [InlineData("budget_day", "0.0000001")]
    [InlineData("budget_month", "1000000.01")]
    public void A_number_outside_its_range_is_a_fault_of_its_field(string name, string text) =>
        Assert.Equal([$"Limits[{name}]"], Faults(new LimitsForm { Limits = new() { [name] = text } }));

    [Theory]
    [InlineData("budget_day", "0.000001", 1_000)]
    [InlineData("budget_day", "0.0000015", 1_500)]
    [InlineData("budget_day", "0.0000015009", 1_500)] // Rounded down to whole nano-dollars.
    public void A_budget_is_kept_in_nano_dollars(string name, string text, long nanoUsd)
    {
        var form = new LimitsForm { Limits = new() { [name] = text } };

        Assert.Empty(Faults(form));
        Assert.Equal(nanoUsd, form.ApplyTo(Limits.None).BudgetPerDayNanoUsd);
    }

    private static string[] Faults(LimitsForm form)
    {
        List<ValidationResult> results = [];
        Validator.TryValidateObject(form, new ValidationContext(form), results, validateAllProperties: true);
        return [.. results.SelectMany(result => result.MemberNames)];
    }
}
