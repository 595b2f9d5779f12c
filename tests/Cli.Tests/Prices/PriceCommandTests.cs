using System.Globalization;
using System.Text.RegularExpressions;

namespace Tollgate.Cli.Tests.Prices;

[Collection(ClusterCommands.Name)]
public sealed partial class PriceCommandTests(ClusterCommands cluster)
{
    [Fact]
    public async Task Prices_are_listed_set_scheduled_and_cancelled_and_each_change_is_written_down()
    {
        var tomorrow = TimeProvider.System.GetUtcNow().AddDays(1).ToString("yyyy-MM-dd'T'HH:mm'Z'", CultureInfo.InvariantCulture);

        (await cluster.RunAsync("prices", "set", "by-hand", "--price-in", "0.25", "--price-out", "1000000000")).Succeeded();
        (await cluster.RunAsync(
            "prices", "schedule", "by-hand", "--from", tomorrow, "--price-in", "0.3", "--price-out", "0.9")).Succeeded();
        var listed = (await cluster.RunAsync("prices", "list")).Succeeded();
        var version = Scheduled().Match(listed).Groups[1].Value;
        var cancelled = (await cluster.RunAsync("prices", "cancel", version)).Succeeded();
        var again = await cluster.RunAsync("prices", "cancel", version);
        var late = await cluster.RunAsync("prices", "cancel", InForce().Match(listed).Groups[1].Value);

        Assert.Matches("by-hand +all +in force .* 0\\.25 +0\\.025 +1000000000 ", listed);
        Assert.Equal($"Scheduled price {version} is withdrawn.\n", cancelled);
        Assert.Equal((1, 1), (again.ExitCode, late.ExitCode));
        Assert.Contains($"No scheduled price {version}. See: tollgate prices list", again.Error, StringComparison.Ordinal);
        Assert.Contains("accounts: The price is in force already", late.Error, StringComparison.Ordinal);
        Assert.Equal("price.set price.schedule price.cancel", await cluster.TextAsync(
            "select string_agg(action, ' ' order by id) from accounts.audit_entries where subject like '%: by-hand' and actor_id is null"));
    }

    [Fact]
    public async Task Faults_of_a_price_name_the_options()
    {
        var run = await cluster.RunAsync(
            "prices", "schedule", "tiny-assistant", "--from", "2024-01-31T00:00Z", "--price-in", "0.1234567", "--organization",
            $"{Guid.NewGuid()}");
        var embedding = await cluster.RunAsync("prices", "set", "tiny-embed", "--price-in", "0.02");

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("--price-in: US dollars per million tokens: 0 to 1,000,000,000, at most six", run.Error, StringComparison.Ordinal);
        Assert.Contains("--price-out: Name a price for output", run.Error, StringComparison.Ordinal);
        Assert.Contains("--from: Must lie in the future", run.Error, StringComparison.Ordinal);
        Assert.Contains("--organization: There is no such organization.", run.Error, StringComparison.Ordinal);
        Assert.Contains("tiny-embed costs $0.02 in and $0 out", embedding.Succeeded(), StringComparison.Ordinal);

        var pictures = await cluster.RunAsync(
            "prices", "set", "draws", "--price-image", "0.04", "--price-pixels", "0.003", "--price-step", "0.00002");
        var listed = (await cluster.RunAsync("prices", "list")).Succeeded();
        Assert.Contains(
            "draws costs $0.04 per image, $0.003 per million pixels, $0.00002 per denoiser step from now", pictures.Succeeded(),
            StringComparison.Ordinal);
        Assert.Contains(" 0.04/image, 0.003/million pixels, 0.00002/denoiser step ", listed, StringComparison.Ordinal);
    }

    [GeneratedRegex("by-hand +all +scheduled .* ([0-9a-f-]{36})")]
    private static partial Regex Scheduled();

    [GeneratedRegex("by-hand +all +in force .* ([0-9a-f-]{36})")]
    private static partial Regex InForce();
}
