using Tollgate.Testing;

namespace Tollgate.Cli.Tests.Models;

[Collection(ClusterCommands.Name)]
public sealed class ModelCommandTests(ClusterCommands cluster)
{
    [Fact]
    public async Task An_import_into_the_workers_folder_is_served_at_its_price_and_billed()
    {
        var file = Path.Combine(SharedFiles.Repository, "models", "tiny-assistant", "tiny-assistant.gguf");

        var import = (await cluster.RunAsync(
            "models", "import", file, "--name", "imported", "--price-in", "1", "--price-out", "2")).Succeeded();
        var listed = (await cluster.RunAsync("models", "list")).Succeeded();
        var requestId = await cluster.ChatUntilServedAsync(cluster.Key, "imported");

        Assert.Contains("imported 1 is installed (chat).", import, StringComparison.Ordinal);
        Assert.EndsWith("Its price is in force.\n", import, StringComparison.Ordinal);
        Assert.Matches("(?m)^imported +1 +chat ", listed);
        Assert.Matches("(?m)^tiny-assistant +1 +chat ", listed);
        var isRight = await Until.ValueAsync(
            () => cluster.TextAsync(
                "select (amount = (input * 1 + cached * 0.1 + (output + reasoning) * 2) / 1000000.0)::text from billing.usage_events"
                + " where request_id = $1 and model = 'imported'",
                requestId),
            "the usage row", ClusterCommands.Patience);
        Assert.Equal("true", isRight);
    }
}
