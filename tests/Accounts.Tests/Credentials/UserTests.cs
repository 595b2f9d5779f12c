using System.Net;
using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Organizations;
using Tollgate.Accounts.Outbox;
using Tollgate.Testing;

namespace Tollgate.Accounts.Tests.Credentials;

public sealed class UserTests : IAsyncLifetime
{
    private AccountsHost _host = null!;

    public async Task InitializeAsync() => _host = await AccountsHost.StartAsync();

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task SignUp_to_sign_in_founds_one_organization_and_opens_its_wallet()
    {
        using var browser = _host.Browse();
        await browser.SignUpAsync("Ada@Example.com");
        var link = await browser.LinkOfMailAsync("Ada@Example.com");

        var confirmed = await browser.ConfirmAsync(link);
        await browser.OpenAsync(link); // A second click founds nothing more.
        var signedIn = await browser.SignInAsync("ada@example.com");
        var overview = await browser.OpenAsync("/overview");

        Assert.Equal("/sign-in?confirmed=true", PathOf(confirmed));
        Assert.Equal("/overview", PathOf(signedIn));
        Assert.Contains("Ada&#x27;s organization", overview.Html, StringComparison.Ordinal);
        Assert.Equal(1, await _host.InScopeAsync<AccountsDb, int>(db => db.Organizations.CountAsync()));
        await Until.TrueAsync(() => _host.Responder.Wallets.Count == 1, "the wallet is opened");
        Assert.Equal("ada@example.com", _host.Responder.Wallets.Single().Value.WelcomeCreditFor);
    }

    [Fact]
    public async Task Wallet_is_opened_by_the_outbox_until_Billing_took_it()
    {
        _host.Responder.Failures.Enqueue(500);
        _host.Responder.Failures.Enqueue(503);

        using var browser = await _host.SignUpAsync();

        await Until.TrueAsync(() => _host.Responder.Wallets.Count == 1, "the wallet is opened");
        await Until.TrueAsync(
            () => _host.InScopeAsync<AccountsDb, bool>(async db => !await db.Outbox.AnyAsync()), "the outbox is empty");
        Assert.True(_host.Responder.Requests.Count(r => r.Method == "PUT") >= 3);
    }

    [Fact]
    public async Task SignUp_says_the_same_for_an_address_that_has_an_account()
    {
        using var browser = await _host.SignUpAsync();
        using var stranger = _host.Browse();

        var known = await stranger.SignUpAsync("ada@example.com", "another long password");
        var unknown = await stranger.SignUpAsync("bob@example.com", "another long password");

        Assert.Equal(known.Html.Replace("ada@", "bob@", StringComparison.Ordinal), unknown.Html);
        Assert.Equal("/sign-in", await stranger.LinkOfMailAsync("ada@example.com", "You already have an account"));
    }

    [Theory]
    [InlineData("elevenchars", "12 characters")]
    [InlineData("aaaaaaaaaaaaaa", "4 different characters")]
    [InlineData("1qaz2wsx3edc", "first that anybody would try")]
    [InlineData("Sonyericsson", "first that anybody would try")]
    [InlineData("Monkey2024!!!", "first that anybody would try")]
    [InlineData("P4ssw0rd-1234", "first that anybody would try")]
    [InlineData("abcdabcdabcd", "first that anybody would try")]
    [InlineData("charles-charles", "must not contain your e-mail")]
    public async Task SignUp_refuses_a_weak_password(string password, string reason)
    {
        using var browser = _host.Browse();

        var page = await browser.SignUpAsync("charles@example.com", password);

        Assert.Contains(reason, page.Html, StringComparison.Ordinal);
        Assert.DoesNotContain(password + "\"", page.Html, StringComparison.Ordinal);
        Assert.Equal(0, await _host.InScopeAsync<AccountsDb, int>(db => db.Users.CountAsync()));
    }

    [Fact]
    public async Task SignIn_gives_one_answer_to_a_wrong_password_and_an_unknown_address_also_after_too_many_attempts()
    {
        using var owner = await _host.SignUpAsync();
        using var browser = _host.Browse();
        Page[] wrong = new Page[11], unknown = new Page[11];
        for (var attempt = 0; attempt < 11; attempt++)
        {
            wrong[attempt] = await browser.SignInAsync("ada@example.com", "not the password");
            unknown[attempt] = await browser.SignInAsync("eve@example.com", "not the password");
        }

        var right = await browser.SignInAsync("ada@example.com");

        Assert.All(wrong.Zip(unknown), pair =>
        {
            Assert.Equal(pair.First.Status, pair.Second.Status);
            Assert.Equal(Neutral(pair.First.Html), Neutral(pair.Second.Html).Replace("eve@", "ada@", StringComparison.Ordinal));
        });
        Assert.Equal(HttpStatusCode.OK, wrong[9].Status);
        Assert.Equal(HttpStatusCode.TooManyRequests, wrong[10].Status);
        Assert.Equal(HttpStatusCode.TooManyRequests, right.Status); // Not even the right password is looked at.
    }

    [Fact]
    public async Task SignIn_of_an_unconfirmed_address_is_refused_and_mails_a_new_link()
    {
        using var browser = _host.Browse();
        await browser.SignUpAsync("ada@example.com");
        await browser.LinkOfMailAsync("ada@example.com");

        var page = await browser.SignInAsync("ada@example.com");

        Assert.Contains("Confirm your e-mail address first", page.Html, StringComparison.Ordinal);
        await Until.TrueAsync(() => Directory.GetFiles(_host.MailFolder, "*.eml").Length == 2, "a second mail");
    }

    [Fact]
    public async Task ResetPassword_sets_a_new_one_once()
    {
        using var owner = await _host.SignUpAsync();
        using var browser = _host.Browse();
        await browser.SubmitAsync("/forgot-password", "forgot-password", ("Input.Email", "ada@example.com"));
        var link = await browser.LinkOfMailAsync("ada@example.com", "Choose");

        var done = await browser.SubmitAsync(link, "reset-password", ("Input.Password", "a wholly new password"));
        var again = await browser.SubmitAsync(link, "reset-password", ("Input.Password", "yet another password"));

        Assert.Equal("/sign-in?reset=true", PathOf(done));
        Assert.Contains("not valid any more", again.Html, StringComparison.Ordinal);
        Assert.Equal("/overview", PathOf(await browser.SignInAsync("ada@example.com", "a wholly new password")));
    }

    [Fact]
    public async Task SignIn_leads_only_to_the_portal_itself()
    {
        using var owner = await _host.SignUpAsync();
        string[] elsewhere = ["https://evil.example/", "//evil.example/", "/\\evil.example/", "/\t/evil.example/", "javascript:alert(1)"];

        foreach (var (returnUrl, target) in elsewhere.Select(url => (url, "/overview")).Append(("/keys", "/keys")))
        {
            using var browser = _host.Browse();
            var page = await browser.SignInAsync("ada@example.com", path: $"/sign-in?returnUrl={Uri.EscapeDataString(returnUrl)}");
            Assert.Equal(target, PathOf(page));
        }
    }

    [Fact]
    public async Task SignOut_ends_the_session_and_only_with_a_token()
    {
        using var browser = await _host.SignUpAsync();

        var forged = await browser.SendAsync("/sign-out", new Dictionary<string, string>());
        var token = await browser.HiddenFieldsAsync("/keys/new", "new-key");
        var stillIn = await browser.OpenAsync("/keys");
        var real = await browser.SendAsync("/sign-out", token);
        var after = await browser.OpenAsync("/keys");

        Assert.Equal(HttpStatusCode.BadRequest, forged.Status);
        Assert.Equal(HttpStatusCode.OK, stillIn.Status);
        Assert.Equal(HttpStatusCode.Redirect, real.Status);
        Assert.StartsWith("/sign-in?returnUrl=%2Fkeys", PathOf(after), StringComparison.Ordinal);
    }

    /// <summary>A redirect's target without the portal's own address; another host stays visible.</summary>
    private string? PathOf(Page page) => page.Location?.Replace(_host.PublicUrl, "", StringComparison.Ordinal);

    /// <summary>A page without its one-time tokens.</summary>
    private static string Neutral(string html) =>
        System.Text.RegularExpressions.Regex.Replace(html, "name=\"__RequestVerificationToken\"[^>]*|\\d+ seconds", "");
}
