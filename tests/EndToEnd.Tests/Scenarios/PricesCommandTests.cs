using System.Globalization;
using System.Text.RegularExpressions;
using Tollgate.EndToEnd.Tests.Running;
using Tollgate.Testing;

namespace Tollgate.EndToEnd.Tests.Scenarios;

/// <summary>The operator's <c>prices</c> verbs, and the prices of <c>models import</c>, on a running system.</summary>
[Collection(KillableTollgate.Name)]
public sealed partial class PricesCommandTests(KillableTollgate killable)
{
    [Fact]
    public async Task Prices_are_listed_set_scheduled_and_cancelled()
    {
        var running = await killable.AliveAsync();
        var commands = running.Commands;
        var tomorrow = TimeProvider.System.GetUtcNow().AddDays(1).ToString("yyyy-MM-dd'T'HH:mm'Z'", CultureInfo.InvariantCulture);
        var organization = await running.Books.TextAsync("select id::text from accounts.organizations order by created_at limit 1");

        var set = (await commands.RunAsync("prices", "set", "by-hand", "--price-in", "0.25", "--price-out", "0.750001")).Succeeded();
        (await commands.RunAsync(
            "prices", "set", "by-hand", "--price-in", "0", "--price-out", "0", "--organization", $"{organization}")).Succeeded();
        (await commands.RunAsync(
            "prices", "schedule", "by-hand", "--from", tomorrow,
            "--price-in", "0.3", "--price-cached", "0.2", "--price-out", "0.9")).Succeeded();
        var listed = (await commands.RunAsync("prices", "list")).Succeeded();
        var version = ScheduledVersion().Match(listed).Groups[1].Value;
        var cancelled = (await commands.RunAsync("prices", "cancel", version)).Succeeded();
        var again = await commands.RunAsync("prices", "cancel", version);
        var late = await commands.RunAsync("prices", "cancel", InForceVersion().Match(listed).Groups[1].Value);
        var after = (await commands.RunAsync("prices", "list")).Succeeded();
        var written = await running.Books.TextAsync(
            "select string_agg(action, ' ' order by id) from accounts.audit_entries where subject like '%: by-hand' and actor_id is null");

        Assert.Contains("by-hand costs $0.25 in and $0.750001 out per million tokens from now", set, StringComparison.Ordinal);
        Assert.Matches("tiny-assistant +all +in force +2024-11-02T00:00:00Z +0\\.5 +0\\.05 +1\\.5 ", listed);
        Assert.Matches("by-hand +all +in force .* 0\\.25 +0\\.025 +0\\.750001 ", listed);
        Assert.Matches($"by-hand +{organization} +in force .* 0 +0 +0 ", listed);
        Assert.Matches($"by-hand +all +scheduled +{tomorrow[..^1]}:00Z +0\\.3 +0\\.2 +0\\.9 ", listed);
        Assert.Contains("is withdrawn", cancelled, StringComparison.Ordinal);
        Assert.Equal(1, again.ExitCode);
        Assert.Contains($"No scheduled price {version}", again.Error, StringComparison.Ordinal);
        Assert.Equal(1, late.ExitCode);
        Assert.Contains("in force already", late.Error, StringComparison.Ordinal);
        Assert.DoesNotMatch(ScheduledVersion(), after);
        Assert.Equal("price.set price.set price.schedule price.cancel", written);
    }

    [Fact]
    public async Task Faults_of_a_price_are_named_all_at_once_and_only_an_embedding_model_goes_without_a_price_for_output()
    {
        var commands = (await killable.AliveAsync()).Commands;
        var model = Path.Combine(TestFolder.Create("import"), "model.gguf");
        await File.WriteAllTextAsync(model, "read only when its price is whole");

        var wrong = await commands.RunAsync(
            "prices", "schedule", "tiny-assistant", "--from", "2024-01-31T00:00Z", "--price-in", "0.1234567");
        var free = await commands.RunAsync("prices", "set", "tiny-assistant", "--price-in", "0.5");
        var nobodys = await commands.RunAsync(
            "prices", "set", "tiny-assistant", "--price-in", "1", "--price-out", "1", "--organization", $"{Guid.NewGuid()}");
        var encoder = await commands.RunAsync("prices", "set", "tiny-embed", "--price-in", "0.02");
        var import = await commands.RunAsync("models", "import", model, "--name", "half", "--price-in", "0.1");

        Assert.Equal(1, wrong.ExitCode);
        Assert.Contains("--price-in: US dollars per million tokens", wrong.Error, StringComparison.Ordinal);
        Assert.Contains("--price-out: Name a price for output", wrong.Error, StringComparison.Ordinal);
        Assert.Contains("--from: Must lie in the future", wrong.Error, StringComparison.Ordinal);
        Assert.Equal(1, free.ExitCode);
        Assert.Contains("--price-out: Name a price for output", free.Error, StringComparison.Ordinal);
        Assert.Equal(1, nobodys.ExitCode);
        Assert.Contains("--organization: There is no such organization.", nobodys.Error, StringComparison.Ordinal);
        Assert.Contains("tiny-embed costs $0.02 in and $0 out", encoder.Succeeded(), StringComparison.Ordinal);
        Assert.Equal(1, import.ExitCode);
        Assert.Contains("--price-out: Name a price for output", import.Error, StringComparison.Ordinal);
    }

    [GeneratedRegex("by-hand +all +scheduled .* ([0-9a-f-]{36})")]
    private static partial Regex ScheduledVersion();

    [GeneratedRegex("by-hand +all +in force .* ([0-9a-f-]{36})")]
    private static partial Regex InForceVersion();
}
