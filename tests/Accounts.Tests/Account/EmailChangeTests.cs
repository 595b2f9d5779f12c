using System.Net;
using Tollgate.Testing;
using static Tollgate.Accounts.Tests.Account.AccountFixture;

namespace Tollgate.Accounts.Tests.Account;

public sealed class EmailChangeTests : IAsyncLifetime
{
    private const string New = "ada.new@example.com";
    private AccountsHost _host = null!;

    public async Task InitializeAsync() => _host = await AccountsHost.StartAsync();

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task The_old_address_signs_in_until_the_new_one_is_confirmed_and_then_the_new_one_does()
    {
        using var browser = await _host.SignUpAsync();
        await AskAsync(browser, New);
        var link = await browser.LinkOfMailAsync(New, "Confirm your new");
        var before = (await CanSignInAsync(Email), await CanSignInAsync(New));

        await browser.SubmitAsync(link, "new-address");

        Assert.Equal((true, false), before);
        Assert.Equal((false, true), (await CanSignInAsync(Email), await CanSignInAsync(New)));
        Assert.Contains(New, (await browser.OpenAsync("/account")).Html, StringComparison.Ordinal);
        Assert.Equal(1, await _host.CountEntriesAsync("account.email"));
    }

    [Fact]
    public async Task Confirming_ends_other_sessions_and_open_reset_links_and_keeps_the_own_session()
    {
        using var browser = await _host.SignUpAsync();
        using var other = _host.Browse();
        await other.SignInAsync(Email);
        await other.SubmitAsync("/forgot-password", "forgot-password", ("Input.Email", Email));
        var reset = await other.LinkOfMailAsync(Email, "Choose a new password");
        await AskAsync(browser, New);

        await browser.SubmitAsync(await browser.LinkOfMailAsync(New, "Confirm your new"), "new-address");
        var page = await other.SubmitAsync(reset, "reset-password", ("Input.Password", "four gardens, one walk"));

        Assert.True(await browser.IsSignedInAsync());
        Assert.False(await other.IsSignedInAsync());
        Assert.Contains("not valid any more", page.Html, StringComparison.Ordinal);
        Assert.True(await CanSignInAsync(New));
    }

    [Fact]
    public async Task The_link_of_an_address_confirms_no_other_address()
    {
        using var browser = _host.Browse();
        await browser.SignUpAsync(Email);
        var signUp = await browser.LinkOfMailAsync(Email);
        await browser.ConfirmAsync(signUp);
        await browser.SignInAsync(Email);
        await AskAsync(browser, "first@example.com");
        var first = await browser.LinkOfMailAsync("first@example.com", "Confirm your new");
        await AskAsync(browser, New);
        var second = await browser.LinkOfMailAsync(New, "Confirm your new");

        var stale = await browser.OpenAsync(first);
        await browser.SubmitAsync(second, "new-address");
        var afterwards = await browser.OpenAsync(first);
        var oldest = await browser.OpenAsync(signUp);
        var cut = await browser.OpenAsync(second[..^3]);

        Assert.All([stale, afterwards, oldest, cut], page => Assert.Equal(HttpStatusCode.BadRequest, page.Status));
        Assert.Equal(New, await _host.ReadAsync("select email from accounts.users"));
    }

    [Fact]
    public async Task The_old_address_gets_a_notice_whose_link_takes_the_change_back_and_ends_all_sessions()
    {
        using var thief = await _host.SignUpAsync();
        await AskAsync(thief, New);
        var notice = await thief.LinkOfMailAsync(Email, "A change of your e-mail address");
        await thief.SubmitAsync(await thief.LinkOfMailAsync(New, "Confirm your new"), "new-address");
        var second = await thief.LinkOfMailAsync(Email, "Your e-mail address was changed");
        using var owner = _host.Browse();

        var opened = await owner.OpenAsync(notice); // A scanner may do so.
        var page = await owner.SubmitAsync(notice, "old-address");

        Assert.Equal(HttpStatusCode.OK, opened.Status);
        Assert.Equal(HttpStatusCode.Redirect, page.Status);
        Assert.False(await thief.IsSignedInAsync());
        Assert.Equal((true, false), (await CanSignInAsync(Email), await CanSignInAsync(New)));
        Assert.Equal(HttpStatusCode.BadRequest, (await owner.OpenAsync(second)).Status);
        Assert.Equal(1, await _host.CountEntriesAsync("account.email.undo"));
    }

    [Fact]
    public async Task A_request_that_is_withdrawn_from_the_old_address_cannot_be_confirmed()
    {
        using var thief = await _host.SignUpAsync();
        await AskAsync(thief, New);
        using var owner = _host.Browse();
        await owner.SubmitAsync(await owner.LinkOfMailAsync(Email, "A change of your e-mail address"), "old-address");

        var page = await thief.OpenAsync(await thief.LinkOfMailAsync(New, "Confirm your new"));

        Assert.Equal(HttpStatusCode.BadRequest, page.Status);
        Assert.False(await thief.IsSignedInAsync());
    }

    [Fact]
    public async Task A_sign_up_with_the_old_address_does_not_stop_its_owner()
    {
        using var thief = await _host.SignUpAsync();
        await AskAsync(thief, New);
        await thief.SubmitAsync(await thief.LinkOfMailAsync(New, "Confirm your new"), "new-address");
        using var squatter = _host.Browse();
        await squatter.SignUpAsync(Email);
        await Until.TrueAsync(
            async () => await _host.ReadAsync($"select 1 from accounts.users where email = '{Email}'") is not null, "the sign-up is made");
        using var owner = _host.Browse();

        var page = await owner.SubmitAsync(await owner.LinkOfMailAsync(Email, "Your e-mail address was changed"), "old-address");

        Assert.Equal(HttpStatusCode.Redirect, page.Status);
        Assert.True(await CanSignInAsync(Email));
    }

    [Fact]
    public async Task An_address_with_an_account_is_not_told_apart_on_the_page_and_gets_a_mail_without_a_link_to_confirm()
    {
        using var bob = await _host.SignUpAsync("bob@example.com");
        using var browser = await _host.SignUpAsync();

        var page = await AskAsync(browser, "Bob@Example.com");

        Assert.Contains("A link went to", page.Html, StringComparison.Ordinal);
        Assert.Equal("/sign-in", await bob.LinkOfMailAsync("Bob@Example.com", "Your address has an account"));
        Assert.Equal(2L, await _host.ReadAsync("select count(*) from accounts.users"));
    }

    [Fact]
    public async Task A_session_alone_changes_no_address()
    {
        using var browser = await _host.SignUpAsync();
        await _host.AgeSessionsAsync();

        var page = await browser.SubmitAsync("/account/email", "email", ("Input.Email", New));

        Assert.Equal(HttpStatusCode.Forbidden, page.Status);
        Assert.Equal(0L, await _host.ReadAsync("select count(*) from accounts.email_changes"));
    }

    private static async Task<Page> AskAsync(PortalBrowser browser, string email) =>
        await browser.SubmitAndFollowAsync("/account/email", "email", ("Input.Email", email));

    private async Task<bool> CanSignInAsync(string email)
    {
        using var browser = _host.Browse();
        await browser.SignInAsync(email);
        return await browser.IsSignedInAsync();
    }
}
