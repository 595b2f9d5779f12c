using Microsoft.Extensions.Options;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.ServiceDefaults.Tests.Hosting;

public sealed class SettingsErrorTests
{
    [Fact]
    public void Explain_puts_all_faults_of_a_validator_into_one_line()
    {
        var wrong = new OptionsValidationException("Till", typeof(object), ["Till:A must be above 0.", "Till:B\nis missing."]);

        Assert.Equal("Till:A must be above 0. Till:B is missing.", SettingsError.Explain(wrong));
    }

    [Fact]
    public void Explain_adds_what_the_binder_expected_to_the_name_of_the_setting()
    {
        var wrong = new InvalidOperationException(
            "Failed to convert 'x' at 'Till:LeaseWait'.", new FormatException("'x' was not a time span."));

        Assert.Equal("Failed to convert 'x' at 'Till:LeaseWait'. 'x' was not a time span.", SettingsError.Explain(wrong));
    }

    [Fact]
    public void Explain_looks_into_an_aggregate_of_one_and_leaves_others_to_a_developer()
    {
        var known = new IOException("The disk is full.");

        Assert.Equal("The disk is full.", SettingsError.Explain(new AggregateException(known)));
        Assert.Null(SettingsError.Explain(new AggregateException(known, known)));
        Assert.Null(SettingsError.Explain(new TimeoutException()));
    }
}
