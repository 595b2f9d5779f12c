using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.DependencyInjection;
using static Tollgate.Accounts.Tests.Account.AccountFixture;

namespace Tollgate.Accounts.Tests.Account;

public sealed class PasskeyTests : IAsyncLifetime
{
    private AccountsHost _host = null!;
    private SoftAuthenticator _authenticator = null!;

    /// <summary>Passkeys need a host name; a bare address has none.</summary>
    private string Portal => _host.PublicUrl.Replace("127.0.0.1", "localhost", StringComparison.Ordinal);

    public async Task InitializeAsync()
    {
        _host = await AccountsHost.StartAsync();
        _authenticator = new SoftAuthenticator(Portal);
    }

    public async Task DisposeAsync()
    {
        _authenticator.Dispose();
        await _host.DisposeAsync();
    }

    [Fact]
    public async Task A_passkey_signs_in_without_password_and_without_a_code()
    {
        using var browser = await SignUpAsync();
        await browser.TurnOnTwoStepAsync();
        var added = await browser.AddPasskeyAsync(_authenticator);
        using var elsewhere = Browse();

        var page = await elsewhere.SignInAsync(_authenticator);

        Assert.True(added.Status == HttpStatusCode.Redirect, added.Html);
        Assert.Equal(HttpStatusCode.Redirect, page.Status);
        Assert.True(await elsewhere.IsSignedInAsync());
        Assert.Contains("laptop", (await browser.OpenAsync("/account/passkeys")).Html, StringComparison.Ordinal);
        Assert.Equal(1, await _host.CountEntriesAsync("account.passkey.add"));
        Assert.NotEmpty(await browser.LinkOfMailAsync(Email, "A passkey was added"));
    }

    [Fact]
    public async Task A_passkey_that_counts_nothing_is_accepted_for_ever()
    {
        using var browser = await SignUpAsync();
        await browser.AddPasskeyAsync(_authenticator);

        for (var i = 0; i < 3; i++)
        {
            using var elsewhere = Browse();
            Assert.Equal(HttpStatusCode.Redirect, (await elsewhere.SignInAsync(_authenticator)).Status);
            Assert.True(await elsewhere.IsSignedInAsync());
        }
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(5u)]
    [InlineData(4u)]
    public async Task A_counter_that_does_not_rise_is_refused_and_flagged_and_the_stored_one_stays(uint counter)
    {
        using var browser = await SignUpAsync();
        await browser.AddPasskeyAsync(_authenticator);
        _authenticator.Counter = 5;
        using var rightful = Browse();
        await rightful.SignInAsync(_authenticator);
        _authenticator.Counter = counter;
        using var copy = Browse();

        var page = await copy.SignInAsync(_authenticator);

        Assert.True(await rightful.IsSignedInAsync());
        Assert.Equal(HttpStatusCode.OK, page.Status);
        Assert.Contains("This passkey is not accepted", page.Html, StringComparison.Ordinal);
        Assert.False(await copy.IsSignedInAsync());
        Assert.Equal("5", await _host.ReadAsync("select data->>'SignCount' from accounts.user_passkeys"));
        Assert.Equal(1, await _host.CountEntriesAsync("account.passkey.copied"));
        Assert.NotEmpty(await browser.LinkOfMailAsync(Email, "A passkey was refused"));
        _authenticator.Counter = 6;
        Assert.Equal(HttpStatusCode.Redirect, (await copy.SignInAsync(_authenticator)).Status);
    }

    [Fact]
    public async Task Answers_with_one_counter_sent_at_once_give_one_session()
    {
        using var browser = await SignUpAsync();
        await browser.AddPasskeyAsync(_authenticator);
        _authenticator.Counter = 7;
        var browsers = Enumerable.Range(0, 4).Select(_ => Browse()).ToList();

        var pages = await Task.WhenAll(browsers.Select(one => one.SignInAsync(_authenticator)));

        Assert.Equal(1, pages.Count(page => page.Status == HttpStatusCode.Redirect));
        browsers.ForEach(one => one.Dispose());
    }

    [Fact]
    public async Task A_page_that_was_open_for_too_long_asks_to_try_again()
    {
        using var browser = await SignUpAsync();
        await browser.AddPasskeyAsync(_authenticator);
        using var elsewhere = Browse();
        var (state, options) = await elsewhere.PasskeyOptionsAsync("/passkeys/sign-in");
        var protector = _host.Services.GetRequiredService<IDataProtectionProvider>().CreateProtector("passkey", "request")
            .ToTimeLimitedDataProtector();
        var late = protector.Protect(protector.Unprotect(state), DateTimeOffset.UtcNow.AddSeconds(-1));

        var page = await elsewhere.SubmitAsync(
            "/sign-in", "passkey", ("Passkey.State", late), ("Passkey.Credential", _authenticator.Answer(options)));
        var empty = await elsewhere.SubmitAsync("/sign-in", "passkey");

        Assert.All([page, empty], one => Assert.Equal(HttpStatusCode.OK, one.Status));
        Assert.All([page, empty], one => Assert.Contains("Try again", one.Html, StringComparison.Ordinal));
        Assert.False(await elsewhere.IsSignedInAsync());
    }

    [Fact]
    public async Task An_answer_works_once()
    {
        using var browser = await SignUpAsync();
        await browser.AddPasskeyAsync(_authenticator);
        using var first = Browse();
        using var second = Browse();
        var (state, options) = await first.PasskeyOptionsAsync("/passkeys/sign-in");
        (string, string)[] answer = [("Passkey.State", state), ("Passkey.Credential", _authenticator.Answer(options))];

        await first.SubmitAsync("/sign-in", "passkey", answer);
        await second.SubmitAsync("/sign-in", "passkey", answer);

        Assert.True(await first.IsSignedInAsync());
        Assert.False(await second.IsSignedInAsync());
    }

    [Fact]
    public async Task An_authenticator_that_does_not_verify_the_person_neither_signs_in_nor_is_added()
    {
        using var browser = await SignUpAsync();
        await browser.AddPasskeyAsync(_authenticator);
        _authenticator.Verifies = false;
        using var elsewhere = Browse();
        using var another = new SoftAuthenticator(Portal) { Verifies = false };

        var signIn = await elsewhere.SignInAsync(_authenticator);
        var added = await browser.AddPasskeyAsync(another);

        Assert.Equal(HttpStatusCode.OK, signIn.Status);
        Assert.Equal(HttpStatusCode.OK, added.Status);
        Assert.Equal(1L, await _host.ReadAsync("select count(*) from accounts.user_passkeys"));
    }

    [Fact]
    public async Task An_answer_made_for_another_site_is_refused()
    {
        using var browser = await SignUpAsync();
        await browser.AddPasskeyAsync(_authenticator);
        using var elsewhere = Browse();
        var (state, options) = await elsewhere.PasskeyOptionsAsync("/passkeys/sign-in");
        var text = JsonSerializer.Serialize(options).Replace("\"localhost\"", "\"tollgate.example\"", StringComparison.Ordinal);
        using var phished = JsonDocument.Parse(text);

        await elsewhere.SubmitAsync(
            "/sign-in", "passkey", ("Passkey.State", state), ("Passkey.Credential", _authenticator.Answer(phished.RootElement)));

        Assert.False(await elsewhere.IsSignedInAsync());
    }

    [Fact]
    public async Task The_only_way_to_sign_in_cannot_be_removed()
    {
        using var browser = await SignUpAsync();
        await browser.AddPasskeyAsync(_authenticator);
        using var second = new SoftAuthenticator(Portal);
        await browser.AddPasskeyAsync(second, "phone");
        await _host.ExecuteAsync("update accounts.users set password_hash = null");

        var one = await browser.SubmitAsync("/account/passkeys", "remove", ("PasskeyId", second.Id));
        var last = await browser.SubmitAsync("/account/passkeys", "remove", ("PasskeyId", _authenticator.Id));
        var left = await _host.ReadAsync("select count(*) from accounts.user_passkeys");
        var password = await browser.SubmitAsync("/account/password", "password", ("Input.NewPassword", "four gardens, one walk"));
        var after = await browser.SubmitAsync("/account/passkeys", "remove", ("PasskeyId", _authenticator.Id));

        Assert.Equal(HttpStatusCode.Redirect, one.Status);
        Assert.Equal(HttpStatusCode.Conflict, last.Status);
        Assert.Contains("the only way to sign in", last.Html, StringComparison.Ordinal);
        Assert.Equal(1L, left);
        Assert.Equal(HttpStatusCode.Redirect, password.Status);
        Assert.Equal(HttpStatusCode.Redirect, after.Status);
        Assert.Equal(0L, await _host.ReadAsync("select count(*) from accounts.user_passkeys"));
        Assert.Equal(2, await _host.CountEntriesAsync("account.passkey.remove"));
    }

    [Fact]
    public async Task Nobody_confirms_a_change_with_the_passkey_of_somebody_else()
    {
        using var ada = await SignUpAsync();
        using var bob = await SignUpAsync("bob@example.com");
        await bob.AddPasskeyAsync(_authenticator);
        using var hers = new SoftAuthenticator(Portal);
        await ada.AddPasskeyAsync(hers);
        await _host.AgeSessionsAsync();
        var form = await ada.HiddenFieldsAsync("/keys/new", "new-key");

        var (state, options) = await ada.PasskeyOptionsAsync("/passkeys/sign-in"); // Anybody's.
        var foreign = await ada.SendAsync("/keys/new", form, ("Input.Name", "a key"), ("Confirm.Passkey.State", state),
            ("Confirm.Passkey.Credential", _authenticator.Answer(options)));
        (state, options) = await ada.PasskeyOptionsAsync("/passkeys/confirm");
        var own = await ada.SendAsync("/keys/new", form, ("Input.Name", "a key"), ("Confirm.Passkey.State", state),
            ("Confirm.Passkey.Credential", hers.Answer(options)));

        Assert.Equal(HttpStatusCode.Forbidden, foreign.Status);
        Assert.Equal([hers.Id], options.GetProperty("allowCredentials").EnumerateArray().Select(one => one.GetProperty("id").GetString()));
        Assert.NotEmpty(PortalBrowser.KeyTextOn(own));
    }

    [Fact]
    public async Task Under_a_bare_address_the_page_names_the_host_to_open()
    {
        using var browser = await _host.SignUpAsync();

        var page = await browser.OpenAsync("/account/passkeys");

        Assert.Contains($"{Portal}/account/passkeys", page.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("data-passkey=", (await browser.OpenAsync("/sign-in")).Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_credential_that_is_no_credential_is_refused_without_an_error()
    {
        using var browser = Browse();
        foreach (var credential in (string[])["", "{", "[]", "null", "{\"id\":1}", $"{{\"id\":\"{WebEncoders.Base64UrlEncode([1])}\"}}"])
        {
            var (state, _) = await browser.PasskeyOptionsAsync("/passkeys/sign-in");
            var page = await browser.SubmitAsync("/sign-in", "passkey", ("Passkey.State", state), ("Passkey.Credential", credential));
            Assert.True(page.Status == HttpStatusCode.OK, $"{credential}: {page.Status}");
        }
    }

    private PortalBrowser Browse() => new(Portal, _host.MailFolder);

    private async Task<PortalBrowser> SignUpAsync(string email = Email)
    {
        var browser = Browse();
        await browser.SignUpAsync(email);
        await browser.ConfirmAsync(await browser.LinkOfMailAsync(email));
        await browser.SignInAsync(email);
        return browser;
    }
}
