using System.Net;
using static Tollgate.Accounts.Tests.Account.AccountFixture;

namespace Tollgate.Accounts.Tests.Account;

public sealed class AccountPageTests : IAsyncLifetime
{
    private AccountsHost _host = null!;

    public async Task InitializeAsync() => _host = await AccountsHost.StartAsync();

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task A_new_password_needs_the_current_one_and_ends_all_other_sessions()
    {
        const string next = "four gardens, one walk";
        using var browser = await _host.SignUpAsync();
        using var other = _host.Browse();
        await other.SignInAsync(Email);

        var wrong = await SetPasswordAsync(browser, "not the password", next);
        var weak = await SetPasswordAsync(browser, PortalBrowser.Password, "passwordpassword");
        var stays = await other.IsSignedInAsync();
        var right = await SetPasswordAsync(browser, PortalBrowser.Password, next);
        using var old = _host.Browse();
        await old.SignInAsync(Email);
        using var renewed = _host.Browse();
        await renewed.SignInAsync(Email, next);

        Assert.Contains("The current password is not right", wrong.Html, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, weak.Status);
        Assert.True(stays);
        Assert.Equal(HttpStatusCode.Redirect, right.Status);
        Assert.True(await browser.IsSignedInAsync());
        Assert.False(await other.IsSignedInAsync());
        Assert.False(await old.IsSignedInAsync());
        Assert.True(await renewed.IsSignedInAsync());
        Assert.Equal(1, await _host.CountEntriesAsync("account.password"));
        Assert.NotEmpty(await browser.LinkOfMailAsync(Email, "Your password was changed"));
    }

    [Fact]
    public async Task Sessions_are_listed_and_ended_one_by_one_and_all_but_the_own()
    {
        using var browser = await _host.SignUpAsync();
        using var phone = _host.Browse();
        await phone.SignInAsync(Email);
        using var laptop = _host.Browse();
        await laptop.SignInAsync(Email);
        using var bob = await _host.SignUpAsync("bob@example.com");
        var phones = (Guid)(await _host.ReadAsync("select id from accounts.sessions order by created_at offset 1 limit 1"))!;
        var bobs = (Guid)(await _host.ReadAsync("select id from accounts.sessions order by created_at desc limit 1"))!;

        var page = await browser.OpenAsync("/account/sessions");
        await browser.SubmitAsync("/account/sessions", "end", ("SessionId", phones.ToString()));
        await browser.SubmitAsync("/account/sessions", "end", ("SessionId", bobs.ToString()));
        var afterOne = (await phone.IsSignedInAsync(), await laptop.IsSignedInAsync());
        await browser.SubmitAsync("/account/sessions", "end-others");

        Assert.Equal(2, page.Html.Split("name=\"SessionId\"").Length - 1);
        Assert.Contains("this one", page.Html, StringComparison.Ordinal);
        Assert.Contains("127.0.0.1", page.Html, StringComparison.Ordinal);
        Assert.Equal((false, true), afterOne);
        Assert.False(await laptop.IsSignedInAsync());
        Assert.True(await browser.IsSignedInAsync());
        Assert.True(await bob.IsSignedInAsync()); // Another user's session is not found.
        Assert.Equal(1, await _host.CountEntriesAsync("session.end"));
        Assert.Equal(1, await _host.CountEntriesAsync("session.end-others"));
    }

    [Theory]
    [InlineData("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36", "Chrome on Linux")]
    [InlineData("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36 Edg/140.0",
        "Edge on Windows")]
    [InlineData("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1 (KHTML, like Gecko) Version/18.0 Safari/604.1",
        "Safari on iPhone")]
    [InlineData("Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:130.0) Gecko/20100101 Firefox/130.0", "Firefox on macOS")]
    [InlineData("curl/8.5.0", "curl/8.5.0")]
    [InlineData("", "A program")]
    public void Browsers_have_names(string userAgent, string name) =>
        Assert.Equal(name, Tollgate.Accounts.Account.BrowserName.Of(userAgent));

    [Fact]
    public async Task The_account_page_is_open_to_a_person_without_an_organization()
    {
        using var browser = await _host.SignUpAsync();
        await _host.ExecuteAsync("delete from accounts.memberships");

        foreach (var path in (string[])
            ["", "/password", "/email", "/two-step", "/recovery-codes", "/passkeys", "/passkeys/new", "/sessions"])
        {
            Assert.Equal((path, HttpStatusCode.OK), (path, (await browser.OpenAsync("/account" + path)).Status));
        }
    }

    private static Task<Page> SetPasswordAsync(PortalBrowser browser, string current, string password) => browser.SubmitAsync(
        "/account/password", "password", ("Input.CurrentPassword", current), ("Input.NewPassword", password));
}
