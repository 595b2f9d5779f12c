using System.Net;
using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Invitations;
using Tollgate.Accounts.Organizations;
using Tollgate.Testing;

namespace Tollgate.Accounts.Tests.Members;

public sealed class InvitationTests : IAsyncLifetime
{
    private const string Ada = "ada@example.com";
    private const string Bob = "bob@example.com";
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
    public async Task An_address_without_an_account_signs_up_by_the_link_and_is_a_member_at_once()
    {
        var link = await _ada.InviteAsync(Bob, "billing");
        using var bob = _host.Browse();

        var page = await bob.OpenAsync(link);
        var weak = await bob.SubmitAsync(link, "join", ("Input.Password", "elevenchars"));
        var joined = await bob.SubmitAsync(link, "join", ("Input.Password", PortalBrowser.Password));
        var overview = await bob.OpenAsync("/overview");
        var again = await bob.OpenAsync(link);

        Assert.Contains($"value=\"{Bob}\"", page.Html, StringComparison.Ordinal);
        Assert.Contains("readonly", page.Html, StringComparison.Ordinal);
        Assert.Contains("12 characters", weak.Html, StringComparison.Ordinal);
        Assert.Equal("/overview", Team.PathOf(joined));
        Assert.Contains("ada&#x27;s organization", overview.Html, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Gone, again.Status);
        Assert.Equal(
            ["ada@example.com Owner", "bob@example.com Billing"], await _host.RolesAsync(await _host.OrganizationOfAsync(Ada)));
        Assert.Equal(1, await _host.InScopeAsync<AccountsDb, int>(db => db.Organizations.CountAsync())); // Joining founds none.
    }

    [Fact]
    public async Task A_link_opened_as_another_user_is_refused_and_stays_usable_by_its_address()
    {
        using var eve = await _host.SignUpAsync("eve@example.com");
        using var bob = await _host.SignUpAsync(Bob);
        var link = await _ada.InviteAsync(Bob, "admin");
        var hers = await eve.TokenAsync();

        var opened = await eve.OpenAsync(link);
        var forced = await eve.SendAsync(link, hers, ("_handler", "accept"));
        var signUp = await eve.SendAsync(link, hers, ("_handler", "join"), ("Input.Password", PortalBrowser.Password));
        var before = await _host.RolesAsync(await _host.OrganizationOfAsync(Ada));
        var joined = await bob.SubmitAsync(link, "accept");

        Assert.Equal(HttpStatusCode.Forbidden, opened.Status);
        Assert.Contains("for another address", opened.Html, StringComparison.Ordinal);
        Assert.All([forced, signUp], page => Assert.True((int)page.Status is >= 400 and < 500, $"{page.Status}"));
        Assert.Equal(["ada@example.com Owner"], before);
        Assert.Equal("/overview", Team.PathOf(joined));
        Assert.Contains("ada&#x27;s organization", (await bob.OpenAsync("/overview")).Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_address_in_other_letters_is_the_same_account_with_one_membership()
    {
        const string Typed = "User.Name@Example.com", Signed = "user.name@example.com";
        var link = await _ada.InviteAsync(Typed);
        using var user = await _host.SignUpAsync(Signed);

        var page = await user.OpenAsync("/organizations");
        var joined = await user.SubmitAsync(link, "accept");
        var doubled = await _ada.SubmitAsync(
            "/members/invite", "invite", ("Input.Email", "USER.NAME@example.com"), ("Input.Role", "admin"));

        Assert.Contains("You are invited as developer", page.Html, StringComparison.Ordinal);
        Assert.Equal("/overview", Team.PathOf(joined));
        Assert.Equal(HttpStatusCode.Conflict, doubled.Status);
        Assert.Equal(
            ["ada@example.com Owner", $"{Signed} Developer"], await _host.RolesAsync(await _host.OrganizationOfAsync(Ada)));
        Assert.Equal(2, await _host.InScopeAsync<AccountsDb, int>(db => db.Users.CountAsync()));
    }

    [Fact]
    public async Task An_account_made_by_the_link_signs_in_with_other_letters()
    {
        using var user = await _host.JoinAsync(_ada, "User.Name@Example.com");
        using var later = _host.Browse();

        var signedIn = await later.SignInAsync("user.name@example.com");

        Assert.Equal("/overview", Team.PathOf(signedIn));
    }

    [Fact]
    public async Task A_member_of_the_page_of_organizations_joins_there_without_the_mail()
    {
        using var bob = await _host.SignUpAsync(Bob);
        await _ada.InviteAsync(Bob, "reader");
        var invitation = (await _host.OpenInvitationsAsync()).Single();

        var joined = await bob.SubmitAsync("/organizations", $"join-{invitation.Id}");

        Assert.Equal("/overview", Team.PathOf(joined));
        Assert.Contains("bob@example.com Reader", await _host.RolesAsync(await _host.OrganizationOfAsync(Ada)));
    }

    [Fact]
    public async Task A_stranger_who_signed_up_with_the_address_before_gets_nothing()
    {
        using var stranger = _host.Browse();
        await stranger.SignUpAsync(Bob, "the stranger's words");
        var strangersLink = await stranger.LinkOfMailAsync(Bob);

        using var bob = await _host.JoinAsync(_ada, Bob);
        var signedIn = await stranger.SignInAsync(Bob, "the stranger's words");
        var old = await stranger.OpenAsync(strangersLink);

        Assert.Equal(HttpStatusCode.OK, signedIn.Status);
        Assert.Contains("do not match", signedIn.Html, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.BadRequest, old.Status);
        Assert.Equal(2, await _host.InScopeAsync<AccountsDb, int>(db => db.Users.CountAsync()));
    }

    [Fact]
    public async Task Resend_replaces_the_link_and_revoke_ends_it()
    {
        var first = await _ada.InviteAsync(Bob);
        var path = $"/members/invitations/{(await _host.OpenInvitationsAsync()).Single().Id}";
        using var bob = _host.Browse();

        var resent = await _ada.SubmitAsync(path, "resend");
        var second = await Until.ValueAsync(
            async () => await _ada.LinkOfMailAsync(Bob, "Join") is var link && link != first ? link : null, "the second mail");
        var old = await bob.OpenAsync(first);
        var current = await bob.OpenAsync(second);
        var revoked = await _ada.SubmitAsync(path, "revoke");
        var ended = await bob.OpenAsync(second);
        var page = await _ada.OpenAsync(path);

        Assert.Equal($"{path}?sent=true", Team.PathOf(resent));
        Assert.Equal((HttpStatusCode.Gone, HttpStatusCode.OK), (old.Status, current.Status));
        Assert.Equal("/members?revoked=true", Team.PathOf(revoked));
        Assert.Equal(HttpStatusCode.Gone, ended.Status);
        Assert.DoesNotContain("Send it again", page.Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_expired_invitation_does_not_work_and_the_address_can_be_invited_again()
    {
        var link = await _ada.InviteAsync(Bob);
        await ExpireAsync();
        using var bob = _host.Browse();

        var expired = await bob.OpenAsync(link);
        var list = await _ada.OpenAsync("/members");
        await _ada.SubmitAsync("/members/invite", "invite", ("Input.Email", Bob), ("Input.Role", "reader"));

        Assert.Equal(HttpStatusCode.Gone, expired.Status);
        Assert.Contains("expired", list.Html, StringComparison.Ordinal);
        Assert.Equal(MemberRole.Reader, (await _host.OpenInvitationsAsync()).Single().Role);
    }

    [Fact]
    public async Task A_second_invitation_of_an_address_is_refused_while_the_first_is_open()
    {
        await _ada.InviteAsync(Bob);

        var again = await _ada.SubmitAsync("/members/invite", "invite", ("Input.Email", Bob), ("Input.Role", "admin"));
        var self = await _ada.SubmitAsync("/members/invite", "invite", ("Input.Email", Ada), ("Input.Role", "admin"));

        Assert.Equal((HttpStatusCode.Conflict, HttpStatusCode.Conflict), (again.Status, self.Status));
        Assert.Contains("has an open invitation", again.Html, StringComparison.Ordinal);
        Assert.Contains("belongs to a member", self.Html, StringComparison.Ordinal);
        Assert.Single(await _host.OpenInvitationsAsync());
    }

    [Fact]
    public async Task Invitations_of_one_address_sent_at_once_are_one()
    {
        var form = await _ada.HiddenFieldsAsync("/members/invite", "invite");

        var pages = await Task.WhenAll(Enumerable.Range(0, 5).Select(
            _ => _ada.SendAsync("/members/invite", form, ("Input.Email", Bob), ("Input.Role", "reader"))));

        Assert.Single(pages, page => page.Status == HttpStatusCode.Redirect);
        Assert.Single(await _host.OpenInvitationsAsync());
    }

    [Fact]
    public async Task A_link_sent_twice_at_once_makes_one_account()
    {
        var link = await _ada.InviteAsync(Bob);
        using PortalBrowser one = _host.Browse(), other = _host.Browse();
        var (first, second) = (await one.HiddenFieldsAsync(link, "join"), await other.HiddenFieldsAsync(link, "join"));

        var pages = await Task.WhenAll(
            one.SendAsync(link, first, ("Input.Password", PortalBrowser.Password)),
            other.SendAsync(link, second, ("Input.Password", "another long password")));

        Assert.Single(pages, page => Team.PathOf(page) == "/overview");
        Assert.Equal(2, await _host.InScopeAsync<AccountsDb, int>(db => db.Users.CountAsync()));
        Assert.Equal(2, (await _host.RolesAsync(await _host.OrganizationOfAsync(Ada))).Count);
    }

    [Fact]
    public async Task Invitations_of_a_member_end_with_the_membership()
    {
        using var bob = await _host.JoinAsync(_ada, Bob, "admin");
        var link = await bob.InviteAsync("carl@example.com", "admin");
        using var carl = _host.Browse();

        await _ada.SubmitAsync($"/members/{await _host.UserIdAsync(Bob)}/remove", "remove");

        Assert.Equal(HttpStatusCode.Gone, (await carl.OpenAsync(link)).Status);
        Assert.Empty(await _host.OpenInvitationsAsync());
    }

    [Fact]
    public async Task An_organization_mails_no_more_invitations_than_its_limit_allows()
    {
        await using var host = await AccountsHost.StartAsync(null, "--Invitations:PerOrganizationPerHour=2");
        using var ada = await host.SignUpAsync();
        await ada.InviteAsync("one@example.com");
        await ada.InviteAsync("two@example.com");

        var third = await ada.SubmitAsync("/members/invite", "invite", ("Input.Email", Bob), ("Input.Role", "reader"));
        var resent = await ada.SubmitAsync($"/members/invitations/{(await host.OpenInvitationsAsync())[0].Id}", "resend");

        Assert.Equal((HttpStatusCode.TooManyRequests, HttpStatusCode.TooManyRequests), (third.Status, resent.Status));
        Assert.Contains("Retry-After", third.Headers.Keys);
        Assert.Equal(2, (await host.OpenInvitationsAsync()).Count);
    }

    [Fact]
    public async Task A_stolen_database_gives_no_link()
    {
        var link = await _ada.InviteAsync(Bob);
        var token = link["/invitations/".Length..];

        var rows = await _host.InScopeAsync<AccountsDb, List<string>>(db => db.Database.SqlQuery<string>(
            $"""
            select row_to_json(i)::text as "Value" from accounts.invitations i
            union all select row_to_json(a)::text from accounts.audit_entries a
            union all select row_to_json(o)::text from accounts.outbox o
            """).ToListAsync());

        Assert.Contains(rows, row => row.Contains(Bob, StringComparison.Ordinal));
        Assert.DoesNotContain(rows, row => row.Contains(token, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("x")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA%2B")]
    public async Task A_wrong_link_is_refused_and_the_page_names_a_way_on(string token)
    {
        using var browser = _host.Browse();

        var page = await browser.OpenAsync($"/invitations/{token}");

        Assert.Equal(HttpStatusCode.Gone, page.Status);
        Assert.Contains("does not work", page.Html, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nobody", "not an e-mail address")]
    [InlineData("bob@example.com, eve@example.com", "not an e-mail address")]
    [InlineData("\"bob\" <bob@example.com>", "not an e-mail address")]
    public async Task An_address_that_is_none_is_refused(string address, string fault)
    {
        var page = await _ada.SubmitAsync("/members/invite", "invite", ("Input.Email", address), ("Input.Role", "reader"));

        Assert.Contains(fault, page.Html, StringComparison.Ordinal);
        Assert.Empty(await _host.OpenInvitationsAsync());
    }

    private Task<int> ExpireAsync() => _host.InScopeAsync<AccountsDb, int>(db => db.OpenInvitations.ExecuteUpdateAsync(
        set => set.SetProperty(one => one.ExpiresAt, one => one.ExpiresAt.AddDays(-8))));
}
