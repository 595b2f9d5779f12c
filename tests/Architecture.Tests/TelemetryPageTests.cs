using System.Text.RegularExpressions;
using Tollgate.Testing;

namespace Tollgate.Architecture.Tests;

/// <summary><c>docs/telemetry.md</c> has every metric that the sources make, and no other. A test of the running system compares what is
/// shown.</summary>
public sealed partial class TelemetryPageTests
{
    [Fact]
    public void Every_instrument_has_a_row_and_every_row_an_instrument()
    {
        var made = Directory.EnumerateFiles(Path.Combine(SharedFiles.Repository, "src"), "*Metrics.cs", SearchOption.AllDirectories)
            .SelectMany(file => Instrument().Matches(File.ReadAllText(file)).Select(match => match.Groups["name"].Value));
        var documented = Row().Matches(File.ReadAllText(Path.Combine(SharedFiles.Repository, "docs", "telemetry.md")))
            .Select(match => match.Groups["name"].Value);

        Assert.Equal(made.Distinct().Order(StringComparer.Ordinal), documented.Distinct().Order(StringComparer.Ordinal));
    }

    /// <summary>A metric's name stands first among the arguments, before its unit or its description.</summary>
    [GeneratedRegex(
        @"(?:(?:Create\w+(?:<\w+>)?|Gauge)\(\s*(?:meter,\s*)?|(?:new|DurationHistogram)\(\s*(?:_?meter|meters\.Create\([^)]*\)),\s*)"
        + @"""(?<name>[a-z_]+(?:\.[a-z_]+)+)""")]
    private static partial Regex Instrument();

    [GeneratedRegex(@"^\| `(?<name>[a-z_.]+)` \| `[a-z_]+` \| (?:histogram|counter|gauge) ", RegexOptions.Multiline)]
    private static partial Regex Row();
}
