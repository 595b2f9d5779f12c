using System.Net;
using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Keys;
using Tollgate.Accounts.Organizations;
using Tollgate.Accounts.Tests.Members;
using Tollgate.Testing;

namespace Tollgate.Accounts.Tests.Organizations;

public sealed class SwitchTests : IAsyncLifetime
{
    private const string Ada = "ada@example.com";
    private AccountsHost _host = null!;
    private PortalBrowser _ada = null!;

    public async Task InitializeAsync()
    {
        _host = await AccountsHost.StartAsync();
        _ada = await _host.SignUpAsync(Ada);
    }

    public async Task DisposeAsync()
    {
        _ada.Dispose();
        await _host.DisposeAsync();
    }

    [Fact]
    public async Task A_person_founds_another_organization_and_switches_between_the_two()
    {
        await _ada.CreateKeyAsync("in the first");
        var first = await _host.OrganizationOfAsync(Ada);

        var founded = await _ada.SubmitAsync("/organizations/new", "new-organization", ("Input.Name", "Second & Co"));
        var inSecond = await _ada.OpenAsync("/keys");
        await _ada.CreateKeyAsync("in the second");
        var switched = await SwitchAsync(_ada, first.ToString());
        var inFirst = await _ada.OpenAsync("/keys");
        var menu = await _ada.OpenAsync("/overview");

        Assert.Equal("/overview", Team.PathOf(founded));
        Assert.Contains("No keys yet", inSecond.Html, StringComparison.Ordinal);
        Assert.Equal("/overview", Team.PathOf(switched));
        Assert.Contains("in the first", inFirst.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("in the second", inFirst.Html, StringComparison.Ordinal);
        Assert.Contains("Second &amp; Co</option>", menu.Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_choice_belongs_to_its_session_and_outlives_the_request()
    {
        using var other = _host.Browse();
        await other.SignInAsync(Ada);

        await _ada.SubmitAsync("/organizations/new", "new-organization", ("Input.Name", "Second"));
        var here = await _ada.OpenAsync("/organization");
        var there = await other.OpenAsync("/organization");

        Assert.Contains("<dd>Second</dd>", here.Html, StringComparison.Ordinal);
        Assert.Contains("<dd>ada&#x27;s organization</dd>", there.Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_project_of_the_organization_is_selected_and_a_strangers_is_not_found()
    {
        using var eve = await _host.SignUpAsync("eve@example.com");
        var (organization, hers) = (await _host.OrganizationOfAsync(Ada), await _host.OrganizationOfAsync("eve@example.com"));
        var second = await AddProjectAsync(organization, "Second project");
        var foreign = await AddProjectAsync(hers, "Eve's project");

        var switched = await SwitchAsync(_ada, $"{organization}/{second}");
        await _ada.CreateKeyAsync("in the second project");
        var strangersOrganization = await SwitchAsync(_ada, hers.ToString());
        var strangersProject = await SwitchAsync(_ada, $"{hers}/{foreign}");
        var mixed = await SwitchAsync(_ada, $"{organization}/{foreign}");
        var nonsense = await SwitchAsync(_ada, "everything");
        var forged = await _ada.SendAsync("/switch", new Dictionary<string, string>(), ("to", organization.ToString()));

        Assert.Equal("/overview", Team.PathOf(switched));
        Assert.Equal(second, await _host.InScopeAsync<AccountsDb, Guid>(db => db.ApiKeys.Select(key => key.ProjectId).SingleAsync()));
        Assert.Equal(HttpStatusCode.NotFound, strangersOrganization.Status);
        Assert.Equal(HttpStatusCode.NotFound, strangersProject.Status);
        Assert.Equal(HttpStatusCode.NotFound, mixed.Status);
        Assert.Equal((HttpStatusCode.BadRequest, HttpStatusCode.BadRequest), (nonsense.Status, forged.Status));
    }

    [Fact]
    public async Task A_choice_falls_back_when_the_membership_ends()
    {
        using var bob = await _host.SignUpAsync("bob@example.com");
        var link = await _ada.InviteAsync("bob@example.com");
        await bob.SubmitAsync(link, "accept");
        var joined = await bob.OpenAsync("/organization");

        await _ada.SubmitAsync($"/members/{await _host.UserIdAsync("bob@example.com")}/remove", "remove");
        var after = await bob.OpenAsync("/organization");

        Assert.Contains("<dd>ada&#x27;s organization</dd>", joined.Html, StringComparison.Ordinal);
        Assert.Contains("<dd>bob&#x27;s organization</dd>", after.Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Welcome_credit_is_asked_for_once_a_person_and_a_form_sent_twice_founds_one()
    {
        var form = await _ada.HiddenFieldsAsync("/organizations/new", "new-organization");

        await _ada.SendAsync("/organizations/new", form, ("Input.Name", "Second"));
        var again = await _ada.SendAsync("/organizations/new", form, ("Input.Name", "Second"));

        Assert.Equal("/overview", Team.PathOf(again));
        Assert.Equal(2, await _host.InScopeAsync<AccountsDb, int>(db => db.Organizations.CountAsync()));
        await Until.TrueAsync(() => _host.Responder.Wallets.Count == 2, "both wallets are opened");
        Assert.Equal([null, Ada], _host.Responder.Wallets.Values.Select(wallet => wallet.WelcomeCreditFor).Order());
    }

    [Fact]
    public async Task Somebody_who_joined_first_gets_the_credit_with_the_first_own_organization()
    {
        using var bob = await _host.JoinAsync(_ada, "bob@example.com");

        await bob.SubmitAsync("/organizations/new", "new-organization", ("Input.Name", "Bob's"));

        await Until.TrueAsync(() => _host.Responder.Wallets.Count == 2, "both wallets are opened");
        Assert.Equal([Ada, "bob@example.com"], _host.Responder.Wallets.Values.Select(wallet => wallet.WelcomeCreditFor).Order());
    }

    [Fact]
    public async Task A_person_founds_no_more_organizations_than_the_limit_allows()
    {
        await using var host = await AccountsHost.StartAsync(null, "--Organizations:MostPerPerson=2");
        using var ada = await host.SignUpAsync();
        await ada.SubmitAsync("/organizations/new", "new-organization", ("Input.Name", "Second"));
        var forms = await Task.WhenAll(Enumerable.Range(0, 3).Select(
            _ => ada.HiddenFieldsAsync("/organizations/new", "new-organization")));

        var third = await Task.WhenAll(forms.Select(form => ada.SendAsync("/organizations/new", form, ("Input.Name", "Third"))));

        Assert.All(third, page => Assert.Equal(HttpStatusCode.Conflict, page.Status));
        Assert.Contains("may found 2 organizations", third[0].Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Somebody_without_an_organization_is_led_to_the_page_that_offers_one()
    {
        using var bob = await _host.JoinAsync(_ada, "bob@example.com");
        await bob.SubmitAsync($"/members/{await _host.UserIdAsync("bob@example.com")}/remove", "remove");

        var keys = await bob.OpenAsync("/keys");
        var page = await bob.OpenAsync("/organizations");
        var founded = await bob.SubmitAsync("/organizations/new", "new-organization", ("Input.Name", "Bob's"));
        var overview = await bob.OpenAsync("/overview");

        Assert.Equal("/organizations", Team.PathOf(keys));
        Assert.Contains("You belong to no organization", page.Html, StringComparison.Ordinal);
        Assert.Equal("/overview", Team.PathOf(founded));
        Assert.Contains("Bob&#x27;s", overview.Html, StringComparison.Ordinal);
    }

    private static async Task<Page> SwitchAsync(PortalBrowser browser, string to) =>
        await browser.SendAsync("/switch", await browser.TokenAsync(), ("to", to));

    private Task<Guid> AddProjectAsync(Guid organizationId, string name) => _host.InScopeAsync<AccountsDb, Guid>(async db =>
    {
        var id = Guid.NewGuid();
        await db.Database.ExecuteSqlAsync(
            $"""
            insert into accounts.projects (id, organization_id, name, is_default, limits, created_at)
            select {id}, {organizationId}, {name}, false, limits, now()
            from accounts.projects where organization_id = {organizationId} and is_default
            """);
        return id;
    });
}
