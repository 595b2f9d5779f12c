using System.Net;
using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.AdminApi;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Organizations;
using Tollgate.Contracts.Keys;

namespace Tollgate.Accounts.Tests.AdminApi;

/// <summary>Admin keys: made by owners, proved on every request, refused from the next one on when they end.</summary>
public sealed class AdminKeyTests : IAsyncLifetime
{
    private AccountsHost _host = null!;

    public async Task InitializeAsync() => _host = await AccountsHost.StartAsync(null, "--AdminApi:RequestsPerMinute=40");

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task An_admin_key_is_shown_once_works_at_once_and_is_refused_once_it_is_revoked()
    {
        using var browser = await _host.SignUpAsync();
        using var api = await AdminApiClient.CreateAsync(_host, browser);
        Assert.True(ApiKeyText.TryParse(api.Key, out var publicId, out var secret, ApiKeyText.AdminPrefix));

        var listed = (await api.GetAsync("/admin_api_keys")).Succeeded();
        var page = await browser.OpenAsync("/organization/admin-keys");
        var id = Guid.ParseExact(Assert.Single(listed.Ids)["key_".Length..], "N");
        var revoked = await browser.SubmitAsync($"/organization/admin-keys/{id}/revoke", "revoke");
        var after = await api.GetAsync("/projects");

        Assert.Contains(ApiKeyText.AdminPrefix + publicId, page.Html, StringComparison.Ordinal);
        Assert.DoesNotContain(secret, page.Html, StringComparison.Ordinal);
        Assert.DoesNotContain(secret, listed.Body.ToString(), StringComparison.Ordinal);
        Assert.Contains("is revoked", revoked.Html, StringComparison.Ordinal);
        Assert.Equal((401, "revoked_api_key", null), after.Error);
    }

    [Fact]
    public async Task A_form_sent_twice_makes_one_key()
    {
        using var browser = await _host.SignUpAsync();
        var hidden = await browser.HiddenFieldsAsync("/organization/admin-keys/new", "new-admin-key");

        var first = await browser.SendAsync("/organization/admin-keys/new", hidden, ("Input.Name", "ci"));
        var second = await browser.SendAsync("/organization/admin-keys/new", hidden, ("Input.Name", "ci"));

        Assert.Contains("shown this once", first.Html, StringComparison.Ordinal);
        Assert.Contains("sent before", second.Html, StringComparison.Ordinal);
        Assert.Equal(1, await CountAsync());
    }

    [Fact]
    public async Task A_wrong_secret_learns_nothing_and_an_expired_key_is_refused()
    {
        using var browser = await _host.SignUpAsync();
        using var api = await AdminApiClient.CreateAsync(_host, browser);
        Assert.True(ApiKeyText.TryParse(api.Key, out var publicId, out _, ApiKeyText.AdminPrefix));
        using var wrong = new AdminApiClient(_host, ApiKeyText.CreateSecret(publicId, ApiKeyText.AdminPrefix).Text);
        using var unknown = new AdminApiClient(_host, ApiKeyText.Create(ApiKeyText.AdminPrefix).Text);
        var made = (await api.PostAsync("/admin_api_keys", new { name = "short", expires_in_seconds = 1 })).Succeeded();
        using var expiring = new AdminApiClient(_host, made["value"]!);
        await _host.InScopeAsync<AccountsDb, int>(db => db.Database.ExecuteSqlAsync(
            $"update accounts.admin_keys set expires_at = now() - interval '1 second' where name = 'short'"));

        Assert.Equal((401, "invalid_api_key", null), (await wrong.GetAsync("/projects")).Error);
        Assert.Equal((401, "invalid_api_key", null), (await unknown.GetAsync("/projects")).Error);
        Assert.Equal((401, "expired_api_key", null), (await expiring.GetAsync("/projects")).Error);
    }

    [Fact]
    public async Task A_key_ends_with_the_ownership_of_its_maker_and_rests_while_the_organization_is_suspended()
    {
        using var browser = await _host.SignUpAsync();
        using var api = await AdminApiClient.CreateAsync(_host, browser);

        await SetAsync($"update accounts.organization_policies set suspended = true");
        var suspended = await api.GetAsync("/projects");
        await SetAsync($"update accounts.organization_policies set suspended = false");
        (await api.GetAsync("/projects")).Succeeded();
        await SetAsync($"update accounts.memberships set role = 1");
        var demoted = await api.GetAsync("/projects");

        Assert.Equal((403, "organization_suspended", null), suspended.Error);
        Assert.Equal((401, "revoked_api_key", null), demoted.Error);
    }

    [Fact]
    public async Task Requests_above_the_limit_of_a_minute_are_refused_however_many_come_at_once()
    {
        using var browser = await _host.SignUpAsync();
        using var api = await AdminApiClient.CreateAsync(_host, browser);

        var answers = await Task.WhenAll(Enumerable.Range(0, 60).Select(_ => api.GetAsync("/projects")));

        Assert.Equal(40, answers.Count(answer => answer.Status == 200));
        Assert.All(
            answers.Where(answer => answer.Status != 200), answer => Assert.Equal((429, "rate_limit_exceeded", null), answer.Error));
    }

    [Fact]
    public async Task Only_owners_make_and_revoke_admin_keys()
    {
        using var browser = await _host.SignUpAsync();
        var organization = await OrganizationAsync();
        await SetAsync($"update accounts.memberships set role = 1");

        var page = await browser.OpenAsync("/organization/admin-keys");
        var user = await _host.InScopeAsync<AccountsDb, Guid>(db => db.Users.Select(one => one.Id).SingleAsync());
        var made = await _host.InScopeAsync<AdminKeyRegister, AdminKeyCreation>(
            keys => keys.CreateAsync(Guid.NewGuid(), organization, "x", null, user, CancellationToken.None));

        Assert.Equal(HttpStatusCode.Forbidden, page.Status);
        Assert.IsType<AdminKeyCreation.Forbidden>(made);
        Assert.DoesNotContain("Admin keys", (await browser.OpenAsync("/keys")).Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keys_are_made_listed_and_revoked_over_the_api()
    {
        using var browser = await _host.SignUpAsync();
        using var api = await AdminApiClient.CreateAsync(_host, browser, "first");
        var made = (await api.PostAsync("/admin_api_keys", new { name = "second" })).Succeeded();
        using var other = new AdminApiClient(_host, made["value"]!);

        var listed = (await other.GetAsync("/admin_api_keys?order=asc")).Succeeded();
        var shown = (await other.GetAsync($"/admin_api_keys/{made["id"]}")).Succeeded();
        var deleted = (await api.DeleteAsync($"/admin_api_keys/{made["id"]}")).Succeeded();
        var again = (await api.DeleteAsync($"/admin_api_keys/{made["id"]}")).Succeeded();

        Assert.Equal(2, listed.Ids.Count);
        Assert.Equal(made["id"], listed.Ids[1]);
        Assert.Equal("owner", shown.Body.GetProperty("owner").GetProperty("role").GetString());
        Assert.False(shown.Body.TryGetProperty("value", out _));
        Assert.Equal(deleted.Body.ToString(), again.Body.ToString());
        Assert.Equal((401, "revoked_api_key", null), (await other.GetAsync("/projects")).Error);
        Assert.Equal((404, "not_found", "id"), (await api.GetAsync($"/admin_api_keys/{made["id"]}")).Error);
    }

    private Task<int> CountAsync() => _host.InScopeAsync<AccountsDb, int>(db => db.AdminKeys.CountAsync());

    private Task<Guid> OrganizationAsync() =>
        _host.InScopeAsync<AccountsDb, Guid>(db => db.Organizations.Select(one => one.Id).SingleAsync());

    private Task<int> SetAsync(FormattableString sql) => _host.InScopeAsync<AccountsDb, int>(db => db.Database.ExecuteSqlAsync(sql));
}
