using Tollgate.Cli.Commands;
using Tollgate.Cli.Prices;

namespace Tollgate.Cli.Tests.Prices;

public sealed class PriceOptionsTests
{
    [Fact]
    public void Faults_are_lines_that_name_the_options_and_an_unknown_member_stays_as_it_is()
    {
        var error = Assert.Throws<OperatorException>(() => PriceOptions.Require(
            [
                ("inputPerMillion", "A."), ("outputPerMillion", "B."), ("model", "C."), ("effectiveFrom", "D."), ("organizationId", "E."),
                ("other", "F."),
            ]));

        Assert.Equal(
            ["--price-in: A.", "--price-out: B.", "MODEL: C.", "--from: D.", "--organization: E.", "other: F."],
            error.Message.Split('\n'));
    }

    [Fact]
    public void Without_faults_nothing_is_thrown() => PriceOptions.Require([]);
}
