using Tollgate.LocalServers;
using Tollgate.ServiceDefaults.ServiceAuthentication;
using Tollgate.Testing;

namespace Tollgate.Cli.Tests.FirstOperator;

/// <summary>What a person sees who names a cluster wrongly.</summary>
[Collection(ClusterCommands.Name)]
public sealed class RefusedBootstrapTests(ClusterCommands cluster)
{
    private const string Accounts = "TOLLGATE__Services__accounts", Bearers = "TOLLGATE__Cluster__Bearers_FILE";

    [Theory]
    [InlineData("accounts", "keys", "list")]
    [InlineData("accounts", "bootstrap")]
    [InlineData("billing", "prices", "list")]
    public async Task A_bearer_of_another_installation_is_named(string service, params string[] verb)
    {
        var other = cluster.Cluster.Secrets.Add("others_bearers", ServiceBearers.Issue()["operator"]);

        var run = await cluster.RunAsync(new Dictionary<string, string> { [Bearers] = other }, verb);

        Fails(run, $"refuses the operator's bearer: {Bearers} is of another installation.");
        Assert.StartsWith($"tollgate: {service} at http://127.0.0.1:", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_service_that_does_not_answer_is_named_with_its_address()
    {
        var nowhere = $"http://127.0.0.1:{FreePort.Next()}";

        Fails(
            await cluster.RunAsync(new Dictionary<string, string> { [Accounts] = nowhere + "/" }, "bootstrap"),
            $"accounts at {nowhere} does not answer: ");
    }

    [Fact]
    public async Task A_public_listener_in_place_of_the_internal_one_is_guessed()
    {
        var billing = new Dictionary<string, string> { ["TOLLGATE__Services__billing"] = cluster.Cluster.Api[0] };

        Fails(await cluster.RunAsync(billing, "gateways", "list"), "Is this its internal listener?");
    }

    [Fact]
    public async Task Settings_that_are_missing_or_unreadable_are_named()
    {
        Fails(
            await cluster.RunAsync(new Dictionary<string, string> { [Bearers] = "" }, "keys", "list"), $"{Bearers} is not set.");
        Fails(
            await cluster.RunAsync(new Dictionary<string, string> { [Bearers] = "/nowhere" }, "keys", "list"), "Cluster:Bearers_FILE");
        Fails(
            await cluster.RunAsync(new Dictionary<string, string> { [Accounts] = "" }, "keys", "list"), $"{Accounts} is not set.");
        Fails(
            await cluster.RunAsync(new Dictionary<string, string> { [Accounts] = "accounts:8091" }, "keys", "list"),
            "Services:accounts: 'accounts:8091' is not an address");
        Fails(
            await cluster.RunAsync(new Dictionary<string, string> { ["TOLLGATE__Models__Directory"] = "" }, "models", "list"),
            "TOLLGATE__Models__Directory is not set.");
    }

    /// <summary>The data folder goes before the environment: the person named it.</summary>
    [Fact]
    public async Task A_data_folder_that_is_named_goes_before_the_cluster()
    {
        var data = TestFolder.Create("data");

        Fails(await cluster.RunAsync("keys", "list", "--data", data), $"No Tollgate is running on {data}.");
    }

    private static void Fails(ProgramRun run, string reason)
    {
        Assert.Equal(1, run.ExitCode);
        Assert.Equal("", run.Output);
        Assert.Contains(reason, Assert.Single(run.Error.Trim().Split('\n')), StringComparison.Ordinal);
    }
}
