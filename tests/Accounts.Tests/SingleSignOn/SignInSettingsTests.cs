using System.Net;
using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.SingleSignOn;
using Tollgate.ServiceDefaults.Hosting;
using Tollgate.Testing.SingleSignOn;

namespace Tollgate.Accounts.Tests.SingleSignOn;

/// <summary>How an organization connects its provider and proves its domains, and who may still use a password.</summary>
public sealed class SignInSettingsTests
{
    private const string Ada = "ada@acme.example";

    [Fact]
    public async Task The_secret_is_sealed_never_shown_and_goes_to_no_other_issuer()
    {
        await using var bench = await SingleSignOnBench.ConnectedAsync();
        var stored = await bench.QueryAsync(db => db.IdentityProviders.Select(p => p.SealedSecret).SingleAsync());

        var page = await bench.OwnerBrowser.OpenAsync(SingleSignOnBench.Settings);
        var kept = await bench.SaveAsync(("Input.Issuer", bench.Provider.Issuer), ("Input.ClientId", StandInProvider.ClientId));
        var moved = await bench.SaveAsync(("Input.Issuer", "https://evil.example"), ("Input.ClientId", StandInProvider.ClientId));
        var renamed = await bench.SaveAsync(("Input.Issuer", bench.Provider.Issuer), ("Input.ClientId", "another"));

        Assert.DoesNotContain(StandInProvider.ClientSecret, stored, StringComparison.Ordinal);
        Assert.DoesNotContain(StandInProvider.ClientSecret, WebUtility.HtmlDecode(page.Html), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Redirect, kept.Status);
        Assert.All(new[] { moved, renamed }, answer => Assert.Contains("Enter the client secret", answer.Html, StringComparison.Ordinal));
        Assert.Equal(bench.Provider.Issuer, await bench.QueryAsync(db => db.IdentityProviders.Select(p => p.Issuer).SingleAsync()));
        Assert.All(
            await bench.QueryAsync(db => db.Set<Audit.AuditEntry>().Select(e => new { e.Before, e.After }).ToListAsync()),
            values => Assert.DoesNotContain("s3cret", $"{values.Before}{values.After}", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_test_names_each_fault_of_the_provider()
    {
        await using var bench = await SingleSignOnBench.ConnectedAsync();

        Assert.Contains("no fault", await TestAsync(bench), StringComparison.Ordinal);
        bench.Provider.Faults = new(Discovery: document =>
        {
            document["issuer"] = "https://other.example";
            document.Remove("token_endpoint");
            document["jwks_uri"] = "ftp://keys.example";
            document["code_challenge_methods_supported"] = new System.Text.Json.Nodes.JsonArray("plain");
            document["id_token_signing_alg_values_supported"] = new System.Text.Json.Nodes.JsonArray("HS256");
        });
        var faults = await TestAsync(bench);
        bench.Provider.Faults = new();
        await bench.SaveAsync(
            ("Input.Issuer", bench.Provider.Issuer), ("Input.ClientId", StandInProvider.ClientId), ("Input.ClientSecret", "wrong"));
        var wrongSecret = await TestAsync(bench);

        Assert.Contains("names the issuer 'https://other.example'", faults, StringComparison.Ordinal);
        Assert.Contains("token_endpoint is not an https address: missing", faults, StringComparison.Ordinal);
        Assert.Contains("jwks_uri is not an https address", faults, StringComparison.Ordinal);
        Assert.Contains("lacks 'S256'", faults, StringComparison.Ordinal);
        Assert.Contains("signs with HS256", faults, StringComparison.Ordinal);
        Assert.Contains("refuses the client id or its secret", wrongSecret, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://login.example")]
    [InlineData("https://127.0.0.1:8443")]
    [InlineData("https://localhost")]
    [InlineData("https://[::1]")]
    [InlineData("https://10.0.0.5")]
    [InlineData("https://169.254.169.254/latest")]
    [InlineData("https://[::ffff:10.0.0.5]")]
    [InlineData("https://2130706433")] // 127.0.0.1 as one number.
    [InlineData("https://user@login.example")]
    [InlineData("https://login.example/?a=b")]
    [InlineData("login.example")]
    public async Task An_issuer_is_an_https_address_of_the_public_internet(string issuer)
    {
        await using var bench = await SingleSignOnBench.StartAsync("--SingleSignOn:AllowPrivateProviders=false");

        var answer = await bench.SaveAsync(("Input.Issuer", issuer), ("Input.ClientId", "a"), ("Input.ClientSecret", "b"));

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Contains("The issuer", answer.Html, StringComparison.Ordinal);
        Assert.Equal(0, await bench.QueryAsync(db => db.IdentityProviders.CountAsync()));
    }

    [Fact]
    public async Task A_name_that_leads_into_a_private_network_is_not_connected_to()
    {
        using var handler = new SocketsHttpHandler { ConnectCallback = PublicAddresses.ConnectAsync };
        using var client = new HttpClient(handler);

        // The name resolves to 127.0.0.1.
        var refused = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync("https://localhost:1/"));

        Assert.Contains("not of the public internet", refused.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_domain_is_captured_by_its_record_and_by_one_organization()
    {
        await using var bench = await SingleSignOnBench.StartAsync();
        var owner = bench.OwnerBrowser;
        await owner.SubmitAndFollowAsync(SingleSignOnBench.Settings, "domain", ("NewDomain.Domain", " Acme.EXAMPLE. "));
        var missing = await owner.SubmitAsync(SingleSignOnBench.Settings, "prove acme.example");
        var row = await bench.QueryAsync(db => db.CapturedDomains.SingleAsync());
        bench.Names.Records[row.RecordName] = "tollgate-domain=another";
        var wrong = await owner.SubmitAsync(SingleSignOnBench.Settings, "prove acme.example");
        bench.Names.Records[row.RecordName] = row.RecordText;
        var captured = await owner.SubmitAndFollowAsync(SingleSignOnBench.Settings, "prove acme.example");
        using var rival = await bench.Host.SignUpAsync("mallory@acme.example");
        await rival.SubmitAndFollowAsync(SingleSignOnBench.Settings, "domain", ("NewDomain.Domain", "acme.example"));
        var rivals = await bench.QueryAsync(db => db.CapturedDomains.SingleAsync(d => d.CapturedAt == null));
        bench.Names.Records[rivals.RecordName] = rivals.RecordText;
        var second = await rival.SubmitAsync(SingleSignOnBench.Settings, "prove acme.example");

        Assert.Equal("acme.example", row.Domain);
        Assert.NotEqual(row.Challenge, rivals.Challenge);
        Assert.Contains("has no TXT record yet", missing.Html, StringComparison.Ordinal);
        Assert.Contains("but not the text", wrong.Html, StringComparison.Ordinal);
        Assert.Contains("captured", captured.Html, StringComparison.Ordinal);
        Assert.Contains("Another organization has captured", second.Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_operator_approves_a_domain_and_no_customer_sees_the_page()
    {
        await using var bench = await SingleSignOnBench.StartAsync();
        await bench.OwnerBrowser.SubmitAndFollowAsync(SingleSignOnBench.Settings, "domain", ("NewDomain.Domain", "acme.example"));
        using var admin = await bench.Host.BrowseAsOperatorAsync();

        var approved = await admin.SubmitAndFollowAsync("/admin/domains", $"approve {bench.OrganizationId} acme.example");

        Assert.DoesNotContain("Approve acme.example", approved.Html, StringComparison.Ordinal);
        Assert.NotNull(await bench.QueryAsync(db => db.CapturedDomains.Select(d => d.ApprovedBy).SingleAsync()));
        Assert.Equal(HttpStatusCode.NotFound, (await bench.OwnerBrowser.OpenAsync("/admin/domains")).Status);
    }

    [Fact]
    public async Task Only_owners_see_the_settings_of_sign_in()
    {
        await using var bench = await SingleSignOnBench.ConnectedAsync(("Input.CreatesMembers", "true"));
        using var browser = bench.Host.Browse();
        await bench.SignInAsync(browser, new StandInPerson("1", Ada));

        Assert.Equal(HttpStatusCode.Forbidden, (await browser.OpenAsync(SingleSignOnBench.Settings)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await browser.OpenAsync($"{SingleSignOnBench.Settings}/remove")).Status);
    }

    [Fact]
    public async Task Members_without_passwords_go_to_the_provider_and_owners_keep_theirs()
    {
        await using var bench = await SingleSignOnBench.ConnectedAsync(("Input.CreatesMembers", "true"));
        await bench.SignUpAsync(Ada);
        using var browser = bench.Host.Browse();
        var before = await browser.SignInAsync(Ada); // Nobody has signed in through the provider yet: passwords still work.
        await bench.SignInAsync(browser, new StandInPerson("1", Ada));

        using var next = bench.Host.Browse();
        var led = await next.SignInAsync(Ada);
        var unknown = await next.SignInAsync("nobody@acme.example");
        var page = await next.OpenAsync(led.Location!);
        var byPassword = await next.SignInAsync(Ada, path: "/sign-in?password=true");
        var signUp = await next.SignUpAsync("new@acme.example");
        using var ownersNext = bench.Host.Browse();
        var owner = await ownersNext.SignInAsync(SingleSignOnBench.Owner, path: "/sign-in?password=true");

        Assert.EndsWith("/overview", before.Location, StringComparison.Ordinal);
        Assert.Contains("/sign-in/sso?login_hint=", led.Location, StringComparison.Ordinal);
        Assert.Contains("/sign-in/sso?login_hint=", unknown.Location, StringComparison.Ordinal); // The same without an account.
        Assert.Contains($"/sso/{bench.OrganizationId}/start", page.Html, StringComparison.Ordinal);
        Assert.Contains("does not take passwords and passkeys", byPassword.Html, StringComparison.Ordinal);
        Assert.False(await SingleSignOnBench.IsSignedInAsync(next));
        Assert.Contains("/sign-in/sso", signUp.Location, StringComparison.Ordinal);
        Assert.EndsWith("/overview", owner.Location, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_address_alone_finds_its_provider_where_passwords_are_allowed_too()
    {
        await using var bench = await SingleSignOnBench.ConnectedAsync(("Input.AllowsPasswords", "true"));
        using var browser = bench.Host.Browse();

        var led = await browser.SignInAsync(Ada, password: "");
        var byForm = await browser.SubmitAsync("/sign-in/sso", "sso", ("Input.Email", Ada));
        var elsewhere = await browser.SubmitAsync("/sign-in/sso", "sso", ("Input.Email", "eve@elsewhere.example"));
        var withPassword = await browser.SignInAsync(SingleSignOnBench.Owner);

        Assert.EndsWith("/sign-in/sso?login_hint=ada@acme.example", Uri.UnescapeDataString(led.Location!), StringComparison.Ordinal);
        Assert.EndsWith("/sign-in/sso?login_hint=ada@acme.example", Uri.UnescapeDataString(byForm.Location!), StringComparison.Ordinal);
        Assert.Contains("No organization signs", elsewhere.Html, StringComparison.Ordinal);
        Assert.EndsWith("/overview", withPassword.Location, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_only_way_into_an_account_is_not_removed()
    {
        await using var bench = await SingleSignOnBench.ConnectedAsync(("Input.CreatesMembers", "true"), ("Input.AllowsPasswords", "true"));
        await bench.SignUpAsync(Ada);
        using var ada = bench.Host.Browse();
        await bench.SignInAsync(ada, new StandInPerson("1", Ada));
        using var bob = bench.Host.Browse();
        await bench.SignInAsync(bob, new StandInPerson("2", "bob@acme.example")); // Has no password, not even a random one.

        var refused = await bob.SubmitAsync("/account/identities", $"remove {bench.Provider.Issuer}");
        var removed = await ada.SubmitAsync("/account/identities", $"remove {bench.Provider.Issuer}");

        Assert.Equal(HttpStatusCode.Conflict, refused.Status);
        Assert.Contains("the only way into your account", refused.Html, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Redirect, removed.Status);
        Assert.Equal(["2"], await bench.QueryAsync(db => db.LinkedIdentities.Select(i => i.Subject).ToListAsync()));
        Assert.Null(await bench.QueryAsync(
            db => db.Users.Where(u => u.Email == "bob@acme.example").Select(u => u.PasswordHash).SingleAsync()));
    }

    [Fact]
    public async Task Removing_the_provider_leaves_accounts_that_can_choose_a_password()
    {
        await using var bench = await SingleSignOnBench.ConnectedAsync(("Input.CreatesMembers", "true"));
        using var bob = bench.Host.Browse();
        await bench.SignInAsync(bob, new StandInPerson("2", "bob@acme.example"));

        var asked = await bench.OwnerBrowser.OpenAsync($"{SingleSignOnBench.Settings}/remove");
        await bench.OwnerBrowser.SubmitAndFollowAsync($"{SingleSignOnBench.Settings}/remove", "remove-provider");
        await bob.SubmitAsync("/forgot-password", "forgot-password", ("Input.Email", "bob@acme.example"));
        await bob.SubmitAsync(
            await bob.LinkOfMailAsync("bob@acme.example", "Choose"), "reset-password", ("Input.Password", PortalBrowser.Password));
        var signedIn = await bob.SignInAsync("bob@acme.example");

        Assert.Contains("1 member has no password", asked.Html, StringComparison.Ordinal);
        Assert.EndsWith("/overview", signedIn.Location, StringComparison.Ordinal);
    }

    private static async Task<string> TestAsync(SingleSignOnBench bench) =>
        WebUtility.HtmlDecode((await bench.OwnerBrowser.SubmitAndFollowAsync(SingleSignOnBench.Settings, "test")).Html);
}
