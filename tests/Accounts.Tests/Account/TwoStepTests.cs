using System.Net;
using System.Text;
using Tollgate.Accounts.SecondFactor;
using static Tollgate.Accounts.Tests.Account.AccountFixture;

namespace Tollgate.Accounts.Tests.Account;

public sealed class TwoStepTests : IAsyncLifetime
{
    private AccountsHost _host = null!;

    public async Task InitializeAsync() => _host = await AccountsHost.StartAsync();

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Theory]
    [InlineData(59, "287082")]
    [InlineData(1111111109, "081804")]
    [InlineData(1234567890, "005924")]
    [InlineData(2000000000, "279037")]
    [InlineData(20000000000, "353130")]
    public void Codes_are_those_of_RFC_6238(long seconds, string code) => Assert.Equal(
        code, Totp.CodeOf("12345678901234567890"u8, Totp.StepAt(DateTimeOffset.FromUnixTimeSeconds(seconds))));

    [Theory]
    [InlineData("", "")]
    [InlineData("f", "MY")]
    [InlineData("fo", "MZXQ")]
    [InlineData("foobar", "MZXW6YTBOI")]
    public void Base_32_is_that_of_RFC_4648(string text, string encoded) =>
        Assert.Equal(encoded, Totp.ToBase32(Encoding.UTF8.GetBytes(text)));

    [Fact]
    public async Task A_sign_in_by_password_needs_a_code_once_two_step_verification_is_on()
    {
        using var browser = await _host.SignUpAsync();
        var (secret, codes) = await browser.TurnOnTwoStepAsync();
        using var elsewhere = await _host.AwaitCodeAsync();

        var before = await elsewhere.IsSignedInAsync();
        var wrong = await elsewhere.EnterCodeAsync("000000");
        var right = await elsewhere.EnterCodeAsync(NextCode(secret));

        Assert.False(before);
        Assert.Equal(HttpStatusCode.OK, wrong.Status);
        Assert.Contains("This code is not right", wrong.Html, StringComparison.Ordinal);
        Assert.Equal((HttpStatusCode.Redirect, "/overview"), (right.Status, right.Location?.Replace(_host.PublicUrl, "")));
        Assert.True(await elsewhere.IsSignedInAsync());
        Assert.Equal(SecondFactorBook.RecoveryCodeCount, codes.Distinct().Count());
        Assert.Equal(1, await _host.CountEntriesAsync("account.totp.on"));
        Assert.NotEmpty(await browser.LinkOfMailAsync(Email, "Two-step verification is on"));
    }

    [Fact]
    public async Task A_code_that_was_used_is_refused_also_for_the_page_that_turned_it_on()
    {
        using var browser = await _host.SignUpAsync();
        var (secret, _) = await browser.TurnOnTwoStepAsync();
        var turnedOnBy = Totp.CodeOf(secret, Totp.StepAt(TimeProvider.System.GetUtcNow()));
        var code = NextCode(secret);
        using var first = await _host.AwaitCodeAsync();
        using var second = await _host.AwaitCodeAsync();

        await first.EnterCodeAsync(code);
        await second.EnterCodeAsync(code);
        await second.EnterCodeAsync(turnedOnBy);

        Assert.True(await first.IsSignedInAsync());
        Assert.False(await second.IsSignedInAsync());
    }

    [Fact]
    public async Task One_code_sent_by_several_browsers_at_once_gives_one_session()
    {
        using var browser = await _host.SignUpAsync();
        var (secret, _) = await browser.TurnOnTwoStepAsync();
        var waiting = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => _host.AwaitCodeAsync()));
        var forms = await Task.WhenAll(waiting.Select(one => one.HiddenFieldsAsync("/sign-in/code", "code")));
        var code = NextCode(secret);

        var pages = await Task.WhenAll(waiting.Zip(forms, (one, form) => one.SendAsync("/sign-in/code", form, ("Input.Code", code))));

        Assert.Equal(1, pages.Count(page => page.Status == HttpStatusCode.Redirect));
        Assert.Equal(2L, await _host.ReadAsync("select count(*) from accounts.sessions")); // That one, and the first.
        Array.ForEach(waiting, one => one.Dispose());
    }

    [Fact]
    public async Task A_recovery_code_stands_in_for_the_app_once_and_a_mail_tells_so()
    {
        using var browser = await _host.SignUpAsync();
        var (_, codes) = await browser.TurnOnTwoStepAsync();
        using var first = await _host.AwaitCodeAsync();
        using var second = await _host.AwaitCodeAsync();

        await first.EnterCodeAsync(codes[3].ToLowerInvariant());
        await second.EnterCodeAsync(codes[3]);

        Assert.True(await first.IsSignedInAsync());
        Assert.False(await second.IsSignedInAsync());
        Assert.Contains("9 of 10 left", (await first.OpenAsync("/account")).Html, StringComparison.Ordinal);
        Assert.NotEmpty(await browser.LinkOfMailAsync(Email, "A recovery code was used"));
    }

    [Fact]
    public async Task New_recovery_codes_end_the_old_ones()
    {
        using var browser = await _host.SignUpAsync();
        var (_, codes) = await browser.TurnOnTwoStepAsync();

        var page = await browser.SubmitAsync("/account/recovery-codes", "renew");
        using var elsewhere = await _host.AwaitCodeAsync();
        await elsewhere.EnterCodeAsync(codes[0]);

        Assert.Equal(HttpStatusCode.OK, page.Status);
        Assert.DoesNotContain(codes[0], page.Html, StringComparison.Ordinal);
        Assert.Contains("download=\"tollgate-recovery-codes.txt\"", page.Html, StringComparison.Ordinal);
        Assert.False(await elsewhere.IsSignedInAsync());
        Assert.Equal(1, await _host.CountEntriesAsync("account.recovery-codes"));
    }

    [Fact]
    public async Task Wrong_codes_share_one_count_over_all_pages_and_browsers_of_a_user()
    {
        using var browser = await _host.SignUpAsync();
        var (secret, codes) = await browser.TurnOnTwoStepAsync();
        using var first = await _host.AwaitCodeAsync();
        using var second = await _host.AwaitCodeAsync();
        await _host.AgeSessionsAsync();
        var form = await browser.HiddenFieldsAsync("/keys/new", "new-key");

        for (var i = 0; i < 4; i++)
        {
            await first.EnterCodeAsync($"00000{i}"); // Codes of the app
        }

        for (var i = 0; i < 3; i++)
        {
            await second.EnterCodeAsync($"AAAA-AAAA-AAAA-AAA{i}"); // Recovery codes
            await browser.SendAsync(
                "/keys/new", form, ("Confirm.Password", PortalBrowser.Password), ("Confirm.Code", $"10000{i}")); // Before a change
        }

        var byApp = await first.EnterCodeAsync(NextCode(secret));
        var byRecovery = await second.EnterCodeAsync(codes[0]);
        var byChange = await browser.SendAsync(
            "/keys/new", form, ("Confirm.Password", PortalBrowser.Password), ("Confirm.Code", NextCode(secret)));

        Assert.All([byApp, byRecovery, byChange], page => Assert.Equal(HttpStatusCode.TooManyRequests, page.Status));
        Assert.False(await first.IsSignedInAsync());
        Assert.False(await second.IsSignedInAsync());
        Assert.True(await _host.CountEntriesAsync("session.fail") >= 10);
    }

    [Fact]
    public async Task A_new_password_ends_the_sign_in_that_awaits_a_code()
    {
        using var browser = await _host.SignUpAsync();
        var (secret, _) = await browser.TurnOnTwoStepAsync();
        using var waiting = await _host.AwaitCodeAsync();
        var form = await waiting.HiddenFieldsAsync("/sign-in/code", "code");

        await browser.SubmitAsync(
            "/account/password", "password", ("Input.CurrentPassword", PortalBrowser.Password),
            ("Input.NewPassword", "four gardens, one walk"));
        var page = await waiting.SendAsync("/sign-in/code", form, ("Input.Code", NextCode(secret)));

        Assert.NotEqual(HttpStatusCode.Redirect, page.Status);
        Assert.False(await waiting.IsSignedInAsync());
    }

    [Fact]
    public async Task Turned_off_it_asks_for_no_code_and_keeps_none()
    {
        using var browser = await _host.SignUpAsync();
        await browser.TurnOnTwoStepAsync();

        await browser.SubmitAsync("/account/two-step", "turn-off");
        using var elsewhere = _host.Browse();
        await elsewhere.SignInAsync(Email);

        Assert.True(await elsewhere.IsSignedInAsync());
        Assert.Equal(0L, await _host.ReadAsync("select count(*) from accounts.recovery_codes"));
        Assert.Equal(1, await _host.CountEntriesAsync("account.totp.off"));
        Assert.NotEmpty(await browser.LinkOfMailAsync(Email, "Two-step verification is off"));
    }

    [Fact]
    public async Task A_stolen_database_gives_no_code()
    {
        using var browser = await _host.SignUpAsync();
        var (secret, codes) = await browser.TurnOnTwoStepAsync();

        var rows = (string)(await _host.ReadAsync(
            """
            select (select string_agg(a::text, ' ') from accounts.authenticator_apps a)
                || (select string_agg(encode(c.code_sha256, 'escape'), ' ') from accounts.recovery_codes c)
            """))!;

        Assert.DoesNotContain(Totp.ToBase32(secret), rows, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(Convert.ToBase64String(secret), rows, StringComparison.Ordinal);
        Assert.All(codes, code => Assert.DoesNotContain(code.Replace("-", ""), rows, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_page_draws_the_address_that_apps_read()
    {
        using var browser = await _host.SignUpAsync();

        var page = await browser.SubmitAndFollowAsync("/account/two-step", "begin");

        Assert.Contains("<svg class=\"qr\"", page.Html, StringComparison.Ordinal);
        Assert.Equal(
            "otpauth://totp/Tollgate:ada%40example.com?secret=MZXW6YTBOI&issuer=Tollgate&algorithm=SHA1&digits=6&period=30",
            Totp.AddressOf(Email, "foobar"u8));
    }
}
