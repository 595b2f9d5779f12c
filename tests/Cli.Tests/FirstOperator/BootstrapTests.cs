using System.Globalization;
using Tollgate.Testing;

namespace Tollgate.Cli.Tests.FirstOperator;

[Collection(ClusterCommands.Name)]
public sealed class BootstrapTests(ClusterCommands cluster)
{
    [Fact]
    public async Task The_printed_key_calls_a_model_and_the_call_is_billed_to_the_welcome_credit()
    {
        var requestId = await cluster.ChatUntilServedAsync(cluster.Key);

        var amount = await Until.ValueAsync(
            () => cluster.TextAsync("select amount::text from billing.usage_events where request_id = $1", requestId), "the usage row",
            ClusterCommands.Patience);
        Assert.True(decimal.Parse(amount, CultureInfo.InvariantCulture) > 0);
        Assert.StartsWith("root@example.com ", cluster.Line("Admin "), StringComparison.Ordinal);
        Assert.Equal("True", await cluster.TextAsync(
            "select initcap((password_hash is not null and is_operator)::text) from accounts.users where email = 'root@example.com'"));
    }

    [Fact]
    public async Task A_second_bootstrap_changes_nothing_and_prints_no_key()
    {
        var before = await cluster.TextAsync("select count(*)::text from accounts.api_keys");

        var run = await cluster.RunAsync("bootstrap", "--email", "other@example.com");

        Assert.Equal("There is an operator already; nothing is changed. Another key: tollgate keys create --name NAME\n", run.Succeeded());
        Assert.Equal(before, await cluster.TextAsync("select count(*)::text from accounts.api_keys"));
        Assert.Null(await cluster.TextAsync("select email from accounts.users where email = 'other@example.com'"));
    }
}
