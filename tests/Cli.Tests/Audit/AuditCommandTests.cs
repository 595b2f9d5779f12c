using System.Text.RegularExpressions;
using Tollgate.Testing;

namespace Tollgate.Cli.Tests.Audit;

/// <summary>The audit log of a cluster, verified and exported by the command line.</summary>
[Collection(ClusterCommands.Name)]
public sealed partial class AuditCommandTests(ClusterCommands cluster)
{
    [Fact]
    public async Task The_audit_log_holds_its_export_verifies_and_a_head_is_found_again()
    {
        (await cluster.RunAsync("prices", "set", "for-the-audit", "--price-in", "0.25", "--price-out", "1")).Succeeded();
        var file = Path.Combine(TestFolder.Create("audit"), "audit.jsonl");

        var verified = (await cluster.RunAsync("audit", "verify")).Succeeded();
        (await cluster.RunAsync("audit", "export", file)).Succeeded();
        var offline = (await cluster.RunAsync("audit", "verify", "--file", file)).Succeeded();
        var head = Head().Match(verified).Groups;
        var found = (await cluster.RunAsync("audit", "verify", "--head", $"{head[1].Value}:{head[2].Value}")).Succeeded();
        var missing = await cluster.RunAsync("audit", "verify", "--head", $"1:{new string('0', 64)}");

        Assert.Contains("No breaks. Chains: ", verified, StringComparison.Ordinal);
        Assert.Contains("No breaks. Chains: ", offline, StringComparison.Ordinal);
        Assert.Contains("No breaks. Chains: 1.", found, StringComparison.Ordinal);
        Assert.Equal(1, missing.ExitCode);
        Assert.Contains("entry 1 is missing or another one", missing.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_changed_export_names_the_entry()
    {
        var file = Path.Combine(TestFolder.Create("audit"), "audit.jsonl");
        (await cluster.RunAsync("audit", "export", file)).Succeeded();
        await File.WriteAllTextAsync(
            file, (await File.ReadAllTextAsync(file)).Replace("organization.create", "organization.rename", StringComparison.Ordinal));

        var run = await cluster.RunAsync("audit", "verify", "--file", file);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("entry 1 was changed: its hash is of other values.", run.Output, StringComparison.Ordinal);
    }

    [GeneratedRegex("^installation +\\d+ +1 +(\\d+) .* ([0-9a-f]{64})$", RegexOptions.Multiline)]
    private static partial Regex Head();
}
