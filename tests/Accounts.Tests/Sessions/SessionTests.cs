using System.Net;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Passwords;
using Tollgate.Accounts.Sessions;
using Tollgate.Accounts.Users;
using Tollgate.Testing;

namespace Tollgate.Accounts.Tests.Sessions;

public sealed class SessionTests : IAsyncLifetime
{
    private const string Cookie = "tollgate.session";
    private AccountsHost _host = null!;

    public async Task InitializeAsync() => _host = await AccountsHost.StartAsync();

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task A_copied_cookie_ends_with_its_session()
    {
        using var browser = await _host.SignUpAsync();
        using var thief = _host.Browse();
        thief.Plant(Cookie, browser.Cookie(Cookie)!);
        var before = await thief.OpenAsync("/keys");

        await browser.SendAsync("/sign-out", await browser.HiddenFieldsAsync("/keys/new", "new-key"));
        var after = await thief.OpenAsync("/keys");

        Assert.Equal(HttpStatusCode.OK, before.Status);
        Assert.Equal(HttpStatusCode.Redirect, after.Status);
    }

    [Fact]
    public async Task Sign_out_everywhere_ends_the_sessions_of_all_browsers_of_one_user()
    {
        using var phone = await _host.SignUpAsync();
        using var laptop = _host.Browse();
        await laptop.SignInAsync("ada@example.com");
        using var other = await _host.SignUpAsync("bob@example.com");
        var listed = await ListAsync("ada@example.com");

        var forged = await laptop.SendAsync("/sign-out/everywhere", new Dictionary<string, string>());
        var page = await laptop.OpenAsync("/account/sessions");
        await laptop.SendAsync("/sign-out/everywhere", await laptop.HiddenFieldsAsync("/keys/new", "new-key"));

        Assert.Equal(2, listed.Count);
        Assert.Equal(HttpStatusCode.BadRequest, forged.Status);
        Assert.Contains("/sign-out/everywhere", page.Html, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Redirect, (await phone.OpenAsync("/keys")).Status);
        Assert.Equal(HttpStatusCode.Redirect, (await laptop.OpenAsync("/keys")).Status);
        Assert.Equal(HttpStatusCode.OK, (await other.OpenAsync("/keys")).Status);
        Assert.Empty(await ListAsync("ada@example.com"));
    }

    [Fact]
    public async Task Sign_in_starts_a_new_session_and_ends_the_one_that_the_browser_had()
    {
        using var ada = await _host.SignUpAsync();
        using var bob = await _host.SignUpAsync("bob@example.com");
        var planted = ada.Cookie(Cookie)!;
        using var victim = _host.Browse();
        victim.Plant(Cookie, planted);

        await victim.SignInAsync("bob@example.com"); // In a browser where somebody planted their own session.

        Assert.NotEqual(planted, victim.Cookie(Cookie));
        Assert.Contains("bob@example.com", (await victim.OpenAsync("/overview")).Html, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Redirect, (await ada.OpenAsync("/keys")).Status); // And not Bob's.
    }

    [Theory]
    [InlineData("ends_at = now()")]
    [InlineData("idle_ends_at = now()")]
    [InlineData("ended_at = now()")]
    public async Task A_session_ends_at_the_end_of_its_life_and_of_its_patience(string what)
    {
        using var browser = await _host.SignUpAsync();
        await ExecuteAsync($"update accounts.sessions set {what}");

        Assert.Equal(HttpStatusCode.Redirect, (await browser.OpenAsync("/keys")).Status);
    }

    [Fact]
    public async Task A_busy_session_is_prolonged_but_not_past_its_life()
    {
        using var browser = await _host.SignUpAsync();
        await ExecuteAsync(
            "update accounts.sessions set last_seen_at = now() - interval '2 minutes', idle_ends_at = now() + interval '1 minute'");
        var before = (await ListAsync("ada@example.com")).Single();

        await browser.OpenAsync("/keys");
        var after = (await ListAsync("ada@example.com")).Single();

        Assert.True(after.IdleEndsAt > before.IdleEndsAt + TimeSpan.FromHours(11)); // Twelve hours from the page on.
        Assert.Equal(before.EndsAt, after.EndsAt);
        Assert.Equal(before.CreatedAt + TimeSpan.FromDays(30), after.EndsAt);
    }

    [Fact]
    public async Task A_stolen_database_gives_no_session()
    {
        using var browser = await _host.SignUpAsync();

        var keys = await ReadAsync("select xml from accounts.data_protection_keys");
        var session = await ReadAsync("select encode(ticket_sha256, 'hex') || security_stamp from accounts.sessions");

        Assert.Contains("<sealed pepper=\"p2\"", keys, StringComparison.Ordinal);
        Assert.DoesNotContain("<value>", keys, StringComparison.Ordinal);
        Assert.DoesNotContain(browser.Cookie(Cookie)!, session, StringComparison.Ordinal);
        // Another start with the same peppers opens what this one sealed; without them it cannot.
        await using var same = await AccountsHost.StartAsync(_host.Redis, $"--Postgres:ConnectionString={_host.Postgres}");
        using var elsewhere = same.Browse();
        elsewhere.Plant(Cookie, browser.Cookie(Cookie)!);
        Assert.Equal(HttpStatusCode.OK, (await elsewhere.OpenAsync("/keys")).Status);
        await using var thief = await AccountsHost.StartAsync(
            _host.Redis, $"--Postgres:ConnectionString={_host.Postgres}", $"--Keys:Peppers=p2:{new string('1', 64)}");
        using var stolen = thief.Browse();
        stolen.Plant(Cookie, browser.Cookie(Cookie)!);
        Assert.NotEqual(HttpStatusCode.OK, (await stolen.OpenAsync("/keys")).Status);
    }

    [Fact]
    public async Task An_old_password_hash_is_made_again_at_sign_in()
    {
        using var browser = await _host.SignUpAsync();
        var old = new PasswordHasher<User>(Microsoft.Extensions.Options.Options.Create(
            new PasswordHasherOptions { IterationCount = 10_000 })).HashPassword(null!, PortalBrowser.Password);
        await ExecuteAsync($"update accounts.users set password_hash = '{old}'");
        using var again = _host.Browse();

        var page = await again.SignInAsync("ada@example.com");

        var hash = Convert.FromBase64String(await ReadAsync("select password_hash from accounts.users"));
        Assert.Equal(HttpStatusCode.Redirect, page.Status);
        Assert.Equal(PasswordRules.Iterations, System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(hash.AsSpan(5)));
        Assert.Equal(2, hash[4]); // HMAC-SHA-512
        Assert.Equal(HttpStatusCode.OK, (await again.OpenAsync("/keys")).Status);
    }

    [Fact]
    public void Common_passwords_are_more_than_ten_thousand_and_passphrases_are_none_of_them()
    {
        Assert.True(CommonPasswords.Count > 10_000);
        Assert.True(CommonPasswords.Contains("1q2w3e4r5t6y"));
        Assert.True(CommonPasswords.Contains("WEBSOLUTIONS"));
        Assert.True(CommonPasswords.Contains("123456789012345"));
        Assert.True(CommonPasswords.Contains("passwordpassword"));
        Assert.False(CommonPasswords.Contains(PortalBrowser.Password));
        Assert.False(CommonPasswords.Contains("four gardens, one walk"));
    }

    private async Task<List<Session>> ListAsync(string email)
    {
        var userId = await _host.InScopeAsync<AccountsDb, Guid>(
            db => db.Users.Where(u => u.Email == email).Select(u => u.Id).SingleAsync());
        return await _host.InScopeAsync<SessionStore, List<Session>>(store => store.ListAsync(userId, default));
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(PostgresServer.SeeingAll(_host.Postgres));
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private async Task<string> ReadAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(PostgresServer.SeeingAll(_host.Postgres));
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return (string)(await command.ExecuteScalarAsync())!;
    }
}
