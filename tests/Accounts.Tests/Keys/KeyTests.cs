using System.Net;
using System.Net.Http.Json;
using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Keys;
using Tollgate.Accounts.Records;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Keys;

namespace Tollgate.Accounts.Tests.Keys;

public sealed class KeyTests : IAsyncLifetime
{
    private AccountsHost _host = null!;

    public async Task InitializeAsync() => _host = await AccountsHost.StartAsync();

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task Create_writes_a_record_that_a_gateway_can_check_the_key_against()
    {
        using var browser = await _host.SignUpAsync();

        var text = await browser.CreateKeyAsync("first", ("Input.Limits[rpm]", "60"), ("Input.Limits[budget_month]", "2.5"));

        Assert.True(ApiKeyText.TryParse(text, out var publicId, out var secret));
        var record = await _host.RecordAsync(publicId);
        Assert.Equal(KeyState.Active, record.State);
        Assert.Equal("p2", record.Secrets.Single().PepperId);
        Assert.Equal(Convert.ToBase64String(ApiKeyText.Mac(AccountsHost.Pepper, secret)), record.Secrets.Single().Mac);
        Assert.Equal(new Limits { RequestsPerMinute = 60, BudgetPerMonthNanoUsd = 2_500_000_000 }, record.Limits);
        Assert.Equal(record.Version.ToString("N"), await VersionFieldAsync(record));
        Assert.DoesNotContain(secret, (await browser.OpenAsync("/keys")).Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Revoke_leaves_a_tombstone_that_no_late_write_replaces()
    {
        using var browser = await _host.SignUpAsync();
        var publicId = PortalBrowser.PublicIdOf(await browser.CreateKeyAsync("first"));
        var before = await _host.RecordAsync(publicId);

        var page = await browser.SubmitAsync($"/keys/{before.KeyId}/revoke", "revoke");
        var standing = await _host.InScopeAsync<RedisRecords, KeyRecord>(redis => redis.WriteAsync(before, CancellationToken.None));

        Assert.Contains("Acknowledged", page.Html, StringComparison.Ordinal);
        var after = await _host.RecordAsync(publicId);
        Assert.Equal(KeyState.Revoked, after.State);
        Assert.Equal(KeyState.Revoked, standing.State);
        Assert.True(string.CompareOrdinal(after.Version.ToString("N"), before.Version.ToString("N")) > 0);
        Assert.Equal(after.Version.ToString("N"), await VersionFieldAsync(after));
    }

    [Fact]
    public async Task Revoked_key_cannot_come_back_even_by_sql()
    {
        using var browser = await _host.SignUpAsync();
        var publicId = PortalBrowser.PublicIdOf(await browser.CreateKeyAsync("first"));
        var record = await _host.RecordAsync(publicId);
        await browser.SubmitAsync($"/keys/{record.KeyId}/revoke", "revoke");

        await Assert.ThrowsAsync<Npgsql.PostgresException>(() => _host.InScopeAsync<AccountsDb, int>(db =>
            db.Database.ExecuteSqlAsync($"update accounts.api_keys set state = 0, revoked_at = null where id = {record.KeyId}")));
        var change = await _host.InScopeAsync<KeyRegister, RecordChange>(keys =>
            keys.EnableAsync(record.OrganizationId, record.KeyId, null, CancellationToken.None));

        Assert.Equal(RecordChange.Acknowledged, change);
        Assert.Equal(KeyState.Revoked, (await _host.RecordAsync(publicId)).State);
    }

    [Fact]
    public async Task Disable_and_limits_raise_the_version_each_time()
    {
        using var browser = await _host.SignUpAsync();
        var publicId = PortalBrowser.PublicIdOf(await browser.CreateKeyAsync("first"));
        var made = await _host.RecordAsync(publicId);

        await browser.SubmitAndFollowAsync($"/keys/{made.KeyId}", "toggle");
        var disabled = await _host.RecordAsync(publicId);
        await browser.SubmitAndFollowAsync($"/keys/{made.KeyId}", "toggle");
        await browser.SubmitAndFollowAsync(
            $"/keys/{made.KeyId}", "settings", ("Input.Access.Scopes", "chat.completions"), ("Input.Access.ModelRule", "all"),
            ("Input.Limits[tpm]", "5000"));
        var limited = await _host.RecordAsync(publicId);

        Assert.Equal(HttpStatusCode.OK, (await browser.OpenAsync($"/keys/{made.KeyId}")).Status);
        Assert.Equal(KeyState.Disabled, disabled.State);
        Assert.Equal(KeyState.Active, limited.State);
        Assert.Equal(5000, limited.Limits.TokensPerMinute);
        string[] versions = [made.Version.ToString("N"), disabled.Version.ToString("N"), limited.Version.ToString("N")];
        Assert.Equal(versions.Order(StringComparer.Ordinal), versions);
    }

    [Fact]
    public async Task A_toggle_sent_again_does_not_turn_back()
    {
        using var browser = await _host.SignUpAsync();
        var publicId = PortalBrowser.PublicIdOf(await browser.CreateKeyAsync("first"));
        var path = $"/keys/{(await _host.RecordAsync(publicId)).KeyId}";
        var disable = await browser.HiddenFieldsAsync(path, "toggle");

        var first = await browser.SendAsync(path, disable);
        var again = await browser.SendAsync(path, disable);
        var disabled = await _host.RecordAsync(publicId);
        var page = await browser.OpenAsync(first.Location!);
        var enable = await browser.HiddenFieldsAsync(path, "toggle");
        await browser.SendAsync(path, enable);
        await browser.SendAsync(path, enable);

        Assert.Equal((HttpStatusCode.Redirect, HttpStatusCode.Redirect), (first.Status, again.Status));
        Assert.Equal(KeyState.Disabled, disabled.State);
        Assert.Contains("in force from the next request on", page.Html, StringComparison.Ordinal);
        Assert.Equal(KeyState.Active, (await _host.RecordAsync(publicId)).State);
    }

    [Fact]
    public async Task Form_sent_twice_makes_one_key()
    {
        using var browser = await _host.SignUpAsync();
        var hidden = await browser.HiddenFieldsAsync("/keys/new", "new-key");

        await browser.SendAsync("/keys/new", hidden, ("Input.Name", "once"));
        var second = await browser.SendAsync("/keys/new", hidden, ("Input.Name", "once"));

        Assert.Contains("was sent before", second.Html, StringComparison.Ordinal);
        Assert.Equal(1, await _host.InScopeAsync<AccountsDb, int>(db => db.ApiKeys.CountAsync()));
    }

    [Fact]
    public async Task Form_without_its_token_is_refused()
    {
        using var browser = await _host.SignUpAsync();
        var hidden = await browser.HiddenFieldsAsync("/keys/new", "new-key");
        hidden.Remove("__RequestVerificationToken");

        var page = await browser.SendAsync("/keys/new", hidden, ("Input.Name", "forged"));

        Assert.Equal(HttpStatusCode.BadRequest, page.Status);
        Assert.Equal(0, await _host.InScopeAsync<AccountsDb, int>(db => db.ApiKeys.CountAsync()));
    }

    [Fact]
    public async Task Name_is_escaped_wherever_it_shows()
    {
        using var browser = await _host.SignUpAsync();
        const string Name = "<script>alert('x')</script>\"><img src=x onerror=alert(1)>";

        var text = await browser.CreateKeyAsync(Name);

        var publicId = PortalBrowser.PublicIdOf(text);
        var record = await _host.RecordAsync(publicId);
        foreach (var path in (string[])["/keys", $"/keys/{record.KeyId}", $"/keys/{record.KeyId}/revoke", "/usage"])
        {
            var page = await browser.OpenAsync(path);
            Assert.DoesNotContain("<script>alert", page.Html, StringComparison.Ordinal);
            Assert.DoesNotContain("<img src=x", page.Html, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Key_of_another_organization_is_not_found()
    {
        using var ada = await _host.SignUpAsync();
        using var eve = await _host.SignUpAsync("eve@example.com");
        var publicId = PortalBrowser.PublicIdOf(await ada.CreateKeyAsync("ada's"));
        var record = await _host.RecordAsync(publicId);
        var ownId = PortalBrowser.PublicIdOf(await eve.CreateKeyAsync("eve's"));
        var own = await _host.RecordAsync(ownId);
        var hidden = await eve.HiddenFieldsAsync($"/keys/{own.KeyId}/revoke", "revoke");

        var looked = await eve.OpenAsync($"/keys/{record.KeyId}");
        var revoked = await eve.SendAsync($"/keys/{record.KeyId}/revoke", hidden);

        Assert.Equal(HttpStatusCode.NotFound, looked.Status);
        Assert.NotEqual(HttpStatusCode.OK, revoked.Status);
        Assert.True((int)revoked.Status < 500);
        Assert.DoesNotContain("ada&#x27;s", looked.Html + revoked.Html + (await eve.OpenAsync("/keys")).Html, StringComparison.Ordinal);
        Assert.Equal(KeyState.Active, (await _host.RecordAsync(publicId)).State);
    }

    [Fact]
    public async Task Resolve_brings_records_back_into_an_empty_Redis()
    {
        using var browser = await _host.SignUpAsync();
        var publicId = PortalBrowser.PublicIdOf(await browser.CreateKeyAsync("first"));
        var record = await _host.RecordAsync(publicId);
        await (await _host.OpenRedisAsync()).KeyDeleteAsync(
            [RedisNames.Key(publicId), RedisNames.Organization(record.OrganizationId), RedisNames.Policy(record.OrganizationId)]);
        using var gateway = _host.ClientAs("gateway");

        using var response = await gateway.PostAsJsonAsync("/internal/keys/resolve", new ResolveKey(publicId));
        using var unknown = await gateway.PostAsJsonAsync("/internal/keys/resolve", new ResolveKey("0123456789ab"));

        var resolved = (await response.Content.ReadFromJsonAsync(ContractsJson.Default.ResolvedKey))!;
        Assert.Equal(record.Version, resolved.Key.Version);
        Assert.False(resolved.Policy.Suspended);
        Assert.Equal(record.Version, (await _host.RecordAsync(publicId)).Version);
        Assert.Equal(record.Version.ToString("N"), await VersionFieldAsync(record));
        Assert.Equal(
            resolved.Policy.Version.ToString("N"),
            (string?)await (await _host.OpenRedisAsync()).HashGetAsync(
                RedisNames.Organization(record.OrganizationId), RedisNames.PolicyVersionField));
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
    }

    [Theory]
    [InlineData("billing")]
    [InlineData("operator")]
    [InlineData("inference")]
    public async Task Resolve_answers_gateways_alone(string caller)
    {
        using var client = _host.ClientAs(caller);

        using var response = await client.PostAsJsonAsync("/internal/keys/resolve", new ResolveKey("0123456789ab"));

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }

    private async Task<string?> VersionFieldAsync(KeyRecord record) => await (await _host.OpenRedisAsync())
        .HashGetAsync(RedisNames.Organization(record.OrganizationId), RedisNames.KeyVersionField(record.PublicId));
}
