using Tollgate.Cli.Keys;
using Tollgate.Contracts.Keys;

namespace Tollgate.Cli.Tests.Keys;

[Collection(ClusterCommands.Name)]
public sealed class KeyCommandTests(ClusterCommands cluster)
{
    [Fact]
    public async Task A_key_is_created_listed_and_revoked()
    {
        var key = (await cluster.RunAsync("keys", "create", "--name", "ci", "--rpm", "60", "--budget-usd", "0.5")).Succeeded().Trim();
        await cluster.ChatUntilServedAsync(key);
        var start = key[..18];

        var listed = (await cluster.RunAsync("keys", "list")).Succeeded();
        var revoked = (await cluster.RunAsync("keys", "revoke", start)).Succeeded();
        var unknown = await cluster.RunAsync("keys", "revoke", "sk-tg-000000000000");
        var after = (await cluster.RunAsync("keys", "list")).Succeeded();

        Assert.Matches($"{start} ci +active .* 60 +- +0\\.5\n", listed);
        Assert.DoesNotContain(key, listed, StringComparison.Ordinal);
        Assert.Equal($"Key {start} is revoked.\n", revoked);
        Assert.Equal(401, (await cluster.ChatAsync(key)).Status);
        Assert.Matches($"{start} ci +revoked ", after);
        Assert.Equal(1, unknown.ExitCode);
        Assert.Contains("has no key sk-tg-000000000000. See: tollgate keys list", unknown.Error, StringComparison.Ordinal);
        Assert.Equal("key.create key.revoke", await cluster.TextAsync(
            "select string_agg(action, ' ' order by id) from accounts.audit_entries where subject = $1 and actor_id is null", start[6..]));
    }

    [Fact]
    public async Task Explain_says_what_holds_for_a_key_and_whose_rule_it_is()
    {
        var key = (await cluster.RunAsync("keys", "create", "--name", "narrow", "--rpm", "60")).Succeeded().Trim();

        var explained = (await cluster.RunAsync("keys", "explain", key)).Succeeded();
        var unknown = await cluster.RunAsync("keys", "explain", "sk-tg-000000000000");

        Assert.Matches("Requests per minute +60 requests/min +key +organization: 1,000,000,000 requests/min\n", explained);
        Assert.Matches("Requests at once +1,000,000 at once +organization\n", explained);
        Assert.Matches("Expires +never +installation\n", explained);
        Assert.StartsWith(key[..18] + "  narrow\nof the command line, project Default, ", explained, StringComparison.Ordinal);
        Assert.DoesNotContain(key, explained, StringComparison.Ordinal);
        Assert.Equal(1, unknown.ExitCode);
        Assert.Contains("No key sk-tg-000000000000 was ever made.", unknown.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_is_named_by_its_start_or_its_whole_text_but_nothing_else()
    {
        var (publicId, _, text) = ApiKeyText.Create();

        Assert.Equal(publicId, KeysCommand.ReadPublicId(text));
        Assert.Equal(publicId, KeysCommand.ReadPublicId("sk-tg-" + publicId));
        Assert.Equal(publicId, KeysCommand.ReadPublicId(publicId));
        Assert.Null(KeysCommand.ReadPublicId(""));
        Assert.Null(KeysCommand.ReadPublicId("sk-tg-"));
        Assert.Null(KeysCommand.ReadPublicId(publicId[1..]));
        Assert.Null(KeysCommand.ReadPublicId("../../keys/x"));
    }
}
