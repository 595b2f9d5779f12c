using System.Text.RegularExpressions;
using Tollgate.Testing;

namespace Tollgate.Cli.Tests.Models;

/// <summary>The verbs about versions, as processes against a cluster whose worker has two versions of a model.</summary>
[Collection(ClusterCommands.Name)]
public sealed class VersionVerbTests(ClusterCommands cluster)
{
    [Fact]
    public async Task Versions_are_weighted_shadowed_unloaded_and_tried_in_a_canary()
    {
        var file = Path.Combine(SharedFiles.Repository, "models", "tiny-assistant", "tiny-assistant.gguf");
        foreach (var _ in (int[])[1, 2])
        {
            (await cluster.RunAsync("models", "import", file, "--name", "versioned", "--price-in", "1", "--price-out", "2")).Succeeded();
        }

        await Until.TrueAsync(
            async () => Regex.IsMatch((await cluster.RunAsync("models", "versions")).Succeeded(), "(?m)^versioned +2 +ready 1 +100 % "),
            "the newest version answers alone", ClusterCommands.Patience);

        var unknown = await cluster.RunAsync("models", "weights", "versioned", "7=1");
        var weights = (await cluster.RunAsync("models", "weights", "versioned", "2=100")).Succeeded();
        var serving = await cluster.RunAsync("models", "canary", "versioned", "2", "--share", "10", "--window", "1m");
        var range = await cluster.RunAsync("models", "canary", "versioned", "2", "--window", "1s");
        var none = await cluster.RunAsync("models", "promote", "versioned");
        var unloaded = (await cluster.RunAsync("models", "unload", "versioned")).Succeeded();
        var listed = (await cluster.RunAsync("models", "versions", "versioned")).Succeeded();
        (await cluster.RunAsync("models", "load", "versioned")).Succeeded();
        var cleared = (await cluster.RunAsync("models", "clear", "versioned")).Succeeded();
        var history = (await cluster.RunAsync("models", "history", "versioned")).Succeeded();

        Assert.Equal((1, 1, 1, 1), (unknown.ExitCode, serving.ExitCode, range.ExitCode, none.ExitCode));
        Assert.Contains("No worker has version 7 of versioned. There ", unknown.Error, StringComparison.Ordinal);
        Assert.Equal("versioned: version 2 100 %.\n", weights);
        Assert.Contains("Version 2 of versioned answers all requests already.", serving.Error, StringComparison.Ordinal);
        Assert.Contains("--window: 5 seconds to 7 days.", range.Error, StringComparison.Ordinal);
        Assert.Contains("No canary of versioned runs.", none.Error, StringComparison.Ordinal);
        Assert.Equal("versioned leaves memory. Undo it with: ./tollgate models load versioned\n", unloaded);
        Assert.Contains("Unloaded: no worker has it in memory.", listed, StringComparison.Ordinal);
        Assert.Equal("versioned is served in its newest version.\n", cleared);
        Assert.StartsWith("STARTED ", Assert.Single(history.Trim().Split('\n')), StringComparison.Ordinal);
        Assert.Equal("plan.weights plan.unload plan.load plan.clear", await cluster.TextAsync(
            "select string_agg(action, ' ' order by id) from accounts.audit_entries where subject like 'versioned%' and actor_id is null"));
    }
}
