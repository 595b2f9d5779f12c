using System.Net;
using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Audit;
using Tollgate.Accounts.Organizations;
using Tollgate.Accounts.SingleSignOn;
using Tollgate.Testing.SingleSignOn;

namespace Tollgate.Accounts.Tests.SingleSignOn;

/// <summary>Which account a person gets whom a provider has named.</summary>
public sealed class FederatedSignInTests : IAsyncLifetime
{
    private const string Ada = "ada@acme.example";
    private SingleSignOnBench _bench = null!;

    public async Task InitializeAsync() => _bench = await SingleSignOnBench.ConnectedAsync(
        ("Input.CreatesMembers", "true"), ("Input.AllowsPasswords", "true"));

    public async Task DisposeAsync() => await _bench.DisposeAsync();

    [Fact]
    public async Task First_sign_in_makes_a_member_and_the_next_one_finds_the_account()
    {
        using var browser = _bench.Host.Browse();
        using var later = _bench.Host.Browse();

        var first = await _bench.SignInAsync(browser, new StandInPerson("1", Ada), $"/sso/{_bench.OrganizationId}/start?returnUrl=/keys");
        var page = await browser.OpenAsync("/keys");
        var second = await _bench.SignInAsync(later, new StandInPerson("1", Ada));

        Assert.Equal("/keys", first);
        Assert.Contains(Ada, page.Html, StringComparison.Ordinal);
        Assert.Equal("/overview", second);
        Assert.Equal($"{Ada}:Developer {SingleSignOnBench.Owner}:Owner", await _bench.MembersAsync());
        Assert.Equal(1, await _bench.QueryAsync(db => db.Organizations.CountAsync())); // No organization, no wallet, no welcome credit.
        Assert.Equal("S256", _bench.Provider.LastRequest["code_challenge_method"]);
        Assert.Equal(
            ["account.create", "identity.link", "member.join"],
            await _bench.QueryAsync(db => db.AuditEntries
                .Where(e => e.OrganizationId == _bench.OrganizationId && (e.Action == "account.create" || e.Action == "identity.link"
                    || e.Action == "member.join"))
                .OrderBy(e => e.Action).Select(e => e.Action).ToListAsync()));
    }

    [Fact]
    public async Task Sign_ins_of_one_person_at_once_make_one_account()
    {
        var browsers = Enumerable.Range(0, 6).Select(_ => _bench.Host.Browse()).ToList();
        var answers = new List<string>();
        foreach (var browser in browsers)
        {
            answers.Add(await _bench.LeaveAsync(browser, new StandInPerson("1", Ada)));
        }

        var ends = await Task.WhenAll(browsers.Zip(answers, SingleSignOnBench.ReturnAsync));

        Assert.All(ends, end => Assert.Equal("/overview", end));
        Assert.Equal(2, await _bench.CountUsersAsync()); // The owner and Ada.
        browsers.ForEach(browser => browser.Dispose());
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(null, false)]
    [InlineData(false, true)]
    [InlineData(null, true)]
    public async Task An_address_that_is_not_verified_is_linked_to_no_account_and_makes_none(bool? isVerified, bool onlyInUserInfo)
    {
        await _bench.SignUpAsync(Ada);
        using var stranger = _bench.Host.Browse();
        await stranger.SignUpAsync("bob@acme.example"); // Never confirmed.
        await stranger.LinkOfMailAsync("bob@acme.example");
        using var browser = _bench.Host.Browse();

        foreach (var email in new[] { Ada, "bob@acme.example", "new@acme.example" })
        {
            var end = await _bench.SignInAsync(browser, new StandInPerson("1", email, isVerified, OnlyInUserInfo: onlyInUserInfo));
            Assert.Equal("NotVerified", SingleSignOnBench.FaultIn(end));
        }

        Assert.False(await SingleSignOnBench.IsSignedInAsync(browser));
        Assert.Equal(0, await _bench.QueryAsync(db => db.LinkedIdentities.CountAsync()));
        Assert.Equal(3, await _bench.CountUsersAsync()); // The owner, Ada and Bob.
        Assert.False(await _bench.QueryAsync(
            db => db.Users.Where(u => u.Email == "bob@acme.example").Select(u => u.EmailConfirmed).SingleAsync()));
    }

    [Fact]
    public async Task A_verified_address_of_a_captured_domain_is_linked_to_its_account()
    {
        await _bench.SignUpAsync(Ada);
        using var browser = _bench.Host.Browse();

        var end = await _bench.SignInAsync(browser, new StandInPerson("1", "ADA@Acme.Example", OnlyInUserInfo: true));

        Assert.Equal("/overview", end);
        Assert.Equal(2, await _bench.CountUsersAsync());
        Assert.Equal($"{Ada}:Developer {SingleSignOnBench.Owner}:Owner", await _bench.MembersAsync());
        Assert.Equal("/overview", (await browser.SignInAsync(Ada)).Location?.Replace(_bench.Host.PublicUrl, "", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_address_of_another_domain_is_linked_to_no_account()
    {
        await _bench.SignUpAsync("eve@elsewhere.example");
        using var browser = _bench.Host.Browse();

        var known = await _bench.SignInAsync(browser, new StandInPerson("1", "eve@elsewhere.example"));
        var unknown = await _bench.SignInAsync(browser, new StandInPerson("2", "new@elsewhere.example"));
        var subdomain = await _bench.SignInAsync(browser, new StandInPerson("3", "new@sub.acme.example"));

        Assert.All(new[] { known, unknown, subdomain }, end => Assert.Equal("NotCaptured", SingleSignOnBench.FaultIn(end)));
        Assert.Equal(2, await _bench.CountUsersAsync());
    }

    [Fact]
    public async Task The_password_that_a_stranger_chose_for_an_unconfirmed_account_dies_with_the_link()
    {
        using var stranger = _bench.Host.Browse();
        await stranger.SignUpAsync(Ada, "the stranger's words");
        var link = await stranger.LinkOfMailAsync(Ada);
        using var browser = _bench.Host.Browse();

        var end = await _bench.SignInAsync(browser, new StandInPerson("1", Ada));

        Assert.Equal("/overview", end);
        Assert.Contains("do not match", (await stranger.SignInAsync(Ada, "the stranger's words")).Html, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.BadRequest, (await stranger.OpenAsync(link)).Status);
    }

    [Fact]
    public async Task The_same_subject_of_another_issuer_is_another_person()
    {
        using var browser = _bench.Host.Browse();
        await _bench.SignInAsync(browser, new StandInPerson("1", Ada));
        await using var second = await StandInProvider.StartAsync();
        await _bench.ConnectAsync(second, ("Input.CreatesMembers", "true"), ("Input.AllowsPasswords", "true"));
        second.Person = new StandInPerson("1", "bob@acme.example");

        using var other = _bench.Host.Browse();
        var leaving = await other.OpenAsync($"/sso/{_bench.OrganizationId}/start");
        var end = await SingleSignOnBench.ReturnAsync(
            other, new Uri(await StandInProvider.FollowAsync(leaving.Location!)).PathAndQuery);

        Assert.Equal("/overview", end);
        Assert.Contains("bob@acme.example", (await other.OpenAsync("/overview")).Html, StringComparison.Ordinal);
        Assert.Equal(3, await _bench.CountUsersAsync());
    }

    [Fact]
    public async Task Nothing_that_changes_at_the_provider_selects_an_account()
    {
        using var ada = _bench.Host.Browse();
        await _bench.SignInAsync(ada, new StandInPerson("1", Ada));
        using var browser = _bench.Host.Browse();

        var named = await _bench.SignInAsync(browser, new StandInPerson("2", "bob@acme.example", UserName: Ada));
        var page = await browser.OpenAsync("/overview");
        var reused = await _bench.SignInAsync(browser, new StandInPerson("3", Ada)); // Ada's address, given to somebody else.
        var renamed = await _bench.SignInAsync(browser, new StandInPerson("1", "ada.b@acme.example"));
        var renamedPage = await browser.OpenAsync("/overview");

        Assert.Equal("/overview", named);
        Assert.Contains("bob@acme.example", page.Html, StringComparison.Ordinal);
        Assert.Equal("OtherIdentity", SingleSignOnBench.FaultIn(reused));
        Assert.Equal("/overview", renamed);
        Assert.Contains($"title=\"{Ada}\"", renamedPage.Html, StringComparison.Ordinal);
        Assert.Equal(3, await _bench.CountUsersAsync());
    }

    [Fact]
    public async Task An_account_that_moved_to_a_private_address_is_not_the_organizations_to_open()
    {
        using var browser = _bench.Host.Browse();
        await _bench.SignInAsync(browser, new StandInPerson("1", Ada));
        await _bench.ExecuteAsync(
            "update accounts.users set email = 'ada@home.example', normalized_email = 'ADA@HOME.EXAMPLE' where email = 'ada@acme.example'");
        using var later = _bench.Host.Browse();

        var end = await _bench.SignInAsync(later, new StandInPerson("1", Ada));

        Assert.Equal("NotCaptured", SingleSignOnBench.FaultIn(end));
        Assert.False(await SingleSignOnBench.IsSignedInAsync(later));
    }

    [Fact]
    public async Task Two_step_verification_is_asked_for_after_the_provider_too()
    {
        using var browser = _bench.Host.Browse();
        await _bench.SignInAsync(browser, new StandInPerson("1", Ada));
        await _bench.ExecuteAsync("""
            insert into accounts.authenticator_apps (user_id, sealed_secret, created_at, confirmed_at, last_step)
            select id, 'x', now(), now(), 0 from accounts.users where email = 'ada@acme.example'
            """);
        using var later = _bench.Host.Browse();

        var end = await _bench.SignInAsync(later, new StandInPerson("1", Ada));

        Assert.StartsWith("/sign-in/code", end, StringComparison.Ordinal);
        Assert.False(await SingleSignOnBench.IsSignedInAsync(later));
    }

    [Fact]
    public async Task An_operators_account_is_opened_by_no_organizations_provider()
    {
        await _bench.ExecuteAsync("update accounts.users set is_operator = true where email = 'owner@acme.example'");
        using var browser = _bench.Host.Browse();

        var end = await _bench.SignInAsync(browser, new StandInPerson("1", SingleSignOnBench.Owner));

        Assert.Equal("Operator", SingleSignOnBench.FaultIn(end));
        Assert.False(await SingleSignOnBench.IsSignedInAsync(browser));
    }

    [Fact]
    public async Task An_invited_address_joins_once_with_the_invited_role_however_it_is_written()
    {
        await _bench.SaveAsync(
            ("Input.Issuer", _bench.Provider.Issuer), ("Input.ClientId", StandInProvider.ClientId), ("Input.AllowsPasswords", "true"));
        await _bench.ExecuteAsync($"""
            insert into accounts.invitations (id, organization_id, email, normalized_email, role, token_sha256, invited_by, created_at,
              sent_at, expires_at)
            values (gen_random_uuid(), '{_bench.OrganizationId}', 'Ada.B@Acme.Example', 'ADA.B@ACME.EXAMPLE', 1, '\x00', gen_random_uuid(),
              now(), now(), now() + interval '7 days')
            """);
        using var browser = _bench.Host.Browse();

        var end = await _bench.SignInAsync(browser, new StandInPerson("1", "ada.b@acme.example"));
        var again = await _bench.SignInAsync(browser, new StandInPerson("1", "Ada.B@acme.example"));
        var uninvited = await _bench.SignInAsync(browser, new StandInPerson("2", "bob@acme.example"));

        Assert.Equal(["/overview", "/overview"], [end, again]);
        Assert.Equal("NotMember", SingleSignOnBench.FaultIn(uninvited));
        Assert.Equal($"ada.b@acme.example:Admin {SingleSignOnBench.Owner}:Owner", await _bench.MembersAsync());
        Assert.Equal(0, await _bench.QueryAsync(db => db.Set<Invitations.Invitation>().CountAsync(i => i.AcceptedAt == null)));
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task Open_sign_up_and_new_members_by_the_provider_are_two_switches(bool openSignUp, bool createsMembers)
    {
        await using var bench = await SingleSignOnBench.StartAsync(openSignUp ? [] : ["--Portal:OpenSignUp=false"]);
        await bench.ConnectAsync(
            bench.Provider, ("Input.AllowsPasswords", "true"), ("Input.CreatesMembers", createsMembers ? "true" : "false"));
        await bench.CaptureAsync("acme.example");
        using var browser = bench.Host.Browse();

        var signUp = await browser.OpenAsync("/sign-up");
        var end = await bench.SignInAsync(browser, new StandInPerson("1", Ada));

        Assert.Equal(openSignUp, signUp.Html.Contains("Create an account", StringComparison.Ordinal));
        Assert.Equal(createsMembers ? "/overview" : "NotMember", SingleSignOnBench.FaultIn(end));
        Assert.Equal(createsMembers ? 2 : 1, await bench.CountUsersAsync());
    }
}
