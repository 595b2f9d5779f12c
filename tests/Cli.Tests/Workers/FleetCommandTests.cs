using System.Text.RegularExpressions;

namespace Tollgate.Cli.Tests.Workers;

/// <summary>The verbs about gateways, workers and rejected usage.</summary>
[Collection(ClusterCommands.Name)]
public sealed partial class FleetCommandTests(ClusterCommands cluster)
{
    [Fact]
    public async Task A_worker_is_listed_drained_and_taken_back()
    {
        var before = (await cluster.RunAsync("workers", "list")).Succeeded();
        (await cluster.RunAsync("workers", "drain", "worker-1")).Succeeded();
        var drained = (await cluster.RunAsync("workers", "list")).Succeeded();
        (await cluster.RunAsync("workers", "undrain", "worker-1")).Succeeded();
        var unknown = await cluster.RunAsync("workers", "forget", "worker-9");

        Assert.Matches("(?m)^worker-1 +ready .* tiny-assistant ", before);
        Assert.Matches("(?m)^worker-1 +draining ", drained);
        Assert.Equal(1, unknown.ExitCode);
        Assert.Contains("No worker has registered as worker-9. See: tollgate workers list.", unknown.Error, StringComparison.Ordinal);
        await cluster.ChatUntilServedAsync(cluster.Key);
    }

    [Fact]
    public async Task Journals_are_listed_and_one_that_is_in_use_is_not_retired()
    {
        var listed = (await cluster.RunAsync("gateways", "list")).Succeeded();
        var running = await cluster.RunAsync("gateways", "retire", Journal().Match(listed).Groups[1].Value);
        var unknown = await cluster.RunAsync("gateways", "retire", $"{Guid.NewGuid()}");

        Assert.Equal((1, 1), (running.ExitCode, unknown.ExitCode));
        Assert.Contains("of gateway gateway-1 spoke within the last minute.", running.Error, StringComparison.Ordinal);
        Assert.Contains("See: tollgate gateways list", unknown.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rejected_usage_is_listed_and_what_does_not_wait_is_not_booked()
    {
        var listed = (await cluster.RunAsync("usage", "rejected", "list")).Succeeded();
        var unknown = await cluster.RunAsync("usage", "rejected", "book", "req_1", "--reason", "a test");

        Assert.StartsWith("ID ", Assert.Single(listed.Trim().Split('\n')), StringComparison.Ordinal);
        Assert.Equal(1, unknown.ExitCode);
        Assert.Contains("No rejected usage req_1 waits. See: tollgate usage rejected list", unknown.Error, StringComparison.Ordinal);
    }

    [GeneratedRegex("gateway-1 +([0-9a-f-]{36}) .* running")]
    private static partial Regex Journal();
}
