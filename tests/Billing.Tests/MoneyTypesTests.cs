using System.Text.RegularExpressions;
using Tollgate.Testing;

namespace Tollgate.Billing.Tests;

public sealed partial class MoneyTypesTests
{
    [Fact]
    public void Billing_has_no_floating_point_anywhere()
    {
        var sources = Path.Combine(SharedFiles.Repository, "src", "Billing");

        var found = Directory.EnumerateFiles(sources, "*", SearchOption.AllDirectories)
            .Where(file => file.EndsWith(".cs", StringComparison.Ordinal) || file.EndsWith(".sql", StringComparison.Ordinal))
            .SelectMany(file => File.ReadLines(file)
                .Where(line => !line.TrimStart().StartsWith("//", StringComparison.Ordinal)
                    && !line.TrimStart().StartsWith("--", StringComparison.Ordinal))
                .Where(line => FloatingPoint().IsMatch(line))
                .Select(line => $"{Path.GetFileName(file)}: {line.Trim()}"));

        Assert.Empty(found);
    }

    [GeneratedRegex(
        @"\b(double|float|float4|float8|real|Math\.Round)\b|\bTotal(Seconds|Minutes|Milliseconds|Hours|Days)\b", RegexOptions.IgnoreCase)]
    private static partial Regex FloatingPoint();
}
