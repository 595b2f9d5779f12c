using Tollgate.Clusters;
using Tollgate.Testing;

namespace Tollgate.Cli.Tests.FirstOperator;

/// <summary>A cluster without an operator.</summary>
public sealed class EmptyClusterTests
{
    [Fact]
    public async Task A_bootstrap_that_was_refused_can_be_repeated_with_a_better_password()
    {
        await using var cluster = await TollgateCluster.StartAsync(
            TestFolder.Create("empty"), new ClusterPlan { Workers = 0, Gateways = 0, Stripe = false });
        var weak = cluster.Secrets.Add("weak", "password");
        var good = cluster.Secrets.Add("good", "a walk in four gardens");

        var early = await RunAsync(cluster, "keys", "list");
        var refused = await RunAsync(cluster, "bootstrap", "--password-file", weak);
        var missing = await RunAsync(cluster, "bootstrap", "--password-file", "/nowhere/password");
        var done = await RunAsync(cluster, "bootstrap", "--email", "root@example.com", "--password-file", good);

        Assert.Equal(1, early.ExitCode);
        Assert.Contains("accounts knows no operator yet. Make one with: tollgate bootstrap", early.Error, StringComparison.Ordinal);
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("tollgate: --email, --password-file: ", refused.Error, StringComparison.Ordinal);
        Assert.Equal(1, missing.ExitCode);
        Assert.Contains("--password-file: ", missing.Error, StringComparison.Ordinal);
        Assert.Matches("^Admin root@example.com\nKey sk-tg-[0-9A-Za-z-]+\n$", done.Succeeded());
        Assert.DoesNotContain("four gardens", done.Output + done.Error, StringComparison.Ordinal);
    }

    private static Task<ProgramRun> RunAsync(TollgateCluster cluster, params string[] arguments) => ProgramRun.RunAsync(
        "dotnet", [ClusterCommands.Program, .. arguments], cluster.OperatorEnvironment, patience: TimeSpan.FromMinutes(5));
}
