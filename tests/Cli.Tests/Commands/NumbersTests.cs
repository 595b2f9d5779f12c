using System.CommandLine;
using Tollgate.Cli.Commands;

namespace Tollgate.Cli.Tests.Commands;

public sealed class NumbersTests
{
    private static readonly Option<decimal?> Price = Numbers.Optional("--price", "", 0m, 1_000m);
    private static readonly Option<int> Port = Numbers.WithDefault("--port", "", 0, 65_535, 8080);

    [Fact]
    public void Values_of_the_range_and_its_ends_are_read()
    {
        var parsed = Parse("--price", "0.50", "--port", "65535");

        Assert.Empty(parsed.Errors);
        Assert.Equal((0.50m, 65_535), (parsed.GetValue(Price), parsed.GetValue(Port)));
        Assert.Equal(1_000m, Parse("--price", "1000").GetValue(Price));
        Assert.Equal((null, 8080), (Parse().GetValue(Price), Parse().GetValue(Port)));
    }

    [Theory]
    [InlineData("--price: '0,10' is not a number such as 0.50 from 0 to 1000.", "--price", "0,10")]
    [InlineData("--price: '-0.1' is not a number such as 0.50 from 0 to 1000.", "--price", "-0.1")]
    [InlineData("--price: '1000.1' is not a number such as 0.50 from 0 to 1000.", "--price", "1000.1")]
    [InlineData("--price: '1e2' is not a number such as 0.50 from 0 to 1000.", "--price", "1e2")]
    [InlineData("--port: '80.5' is not a whole number from 0 to 65535.", "--port", "80.5")]
    [InlineData("--port: '65536' is not a whole number from 0 to 65535.", "--port", "65536")]
    public void Other_text_is_one_error_that_names_the_option_and_its_range(string error, params string[] arguments) =>
        Assert.Equal([error], Parse(arguments).Errors.Select(e => e.Message));

    private static ParseResult Parse(params string[] arguments) => new Command("test") { Price, Port }.Parse(arguments);
}
