using System.Net;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Keys;
using Tollgate.Accounts.Organizations;
using Tollgate.Contracts.Keys;
using Tollgate.Testing;

namespace Tollgate.Accounts.Tests.Credentials;

public sealed class SignUpTests : IAsyncLifetime
{
    private const string Victim = "ada@example.com";
    private AccountsHost _host = null!;

    public async Task InitializeAsync() => _host = await AccountsHost.StartAsync();

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task Opening_a_confirmation_link_confirms_nothing()
    {
        using var browser = _host.Browse();
        await browser.SignUpAsync(Victim);
        var link = await browser.LinkOfMailAsync(Victim);

        var scanned = await browser.OpenAsync(link);
        var early = await browser.SignInAsync(Victim);

        Assert.Equal(HttpStatusCode.OK, scanned.Status);
        Assert.Contains("Confirm your e-mail address first", early.Html, StringComparison.Ordinal);
        Assert.Equal(0, await _host.InScopeAsync<AccountsDb, int>(db => db.Organizations.CountAsync()));
    }

    [Fact]
    public async Task A_later_sign_up_replaces_the_password_and_the_links_of_an_earlier_one()
    {
        using var stranger = _host.Browse();
        await stranger.SignUpAsync(Victim, "the stranger's words");
        var strangersLink = await stranger.LinkOfMailAsync(Victim);
        using var victim = _host.Browse();
        await victim.SignUpAsync(Victim, "the victim's own words");
        var link = await NextLinkAsync(victim, strangersLink);

        var old = await victim.OpenAsync(strangersLink);
        var confirmed = await victim.ConfirmAsync(link);

        Assert.Equal(HttpStatusCode.BadRequest, old.Status);
        Assert.Equal(HttpStatusCode.Redirect, confirmed.Status);
        Assert.Equal(HttpStatusCode.OK, (await stranger.SignInAsync(Victim, "the stranger's words")).Status);
        Assert.Equal(HttpStatusCode.Redirect, (await victim.SignInAsync(Victim, "the victim's own words")).Status);
    }

    [Fact]
    public async Task A_stranger_who_signs_up_last_or_alone_gets_no_confirmed_account()
    {
        using var victim = _host.Browse();
        await victim.SignUpAsync(Victim, "the victim's own words");
        var first = await victim.LinkOfMailAsync(Victim);
        using var stranger = _host.Browse();
        await stranger.SignUpAsync(Victim, "the stranger's words");
        var link = await NextLinkAsync(victim, first);

        // The owner of the mailbox opens the newest link, in the browser that did not cause it.
        var withoutPassword = await victim.ConfirmAsync(link);
        var tooWeak = await victim.ConfirmAsync(link, "password1234");
        var confirmed = await victim.ConfirmAsync(link, "the victim's own words");

        Assert.Contains("12 characters", withoutPassword.Html, StringComparison.Ordinal);
        Assert.Contains("first that anybody would try", tooWeak.Html, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Redirect, confirmed.Status);
        Assert.Equal(HttpStatusCode.OK, (await stranger.SignInAsync(Victim, "the stranger's words")).Status);
        Assert.Equal(HttpStatusCode.Redirect, (await victim.SignInAsync(Victim, "the victim's own words")).Status);
    }

    [Fact]
    public async Task A_used_confirmation_link_sets_no_password()
    {
        using var owner = _host.Browse();
        await owner.SignUpAsync(Victim);
        var link = await owner.LinkOfMailAsync(Victim);
        using var stranger = _host.Browse();
        var form = await stranger.HiddenFieldsAsync(link, "confirm-email");
        await owner.ConfirmAsync(link);

        await stranger.SendAsync(link, form, ("Input.Password", "the stranger's words"));

        Assert.Equal(HttpStatusCode.OK, (await stranger.SignInAsync(Victim, "the stranger's words")).Status);
        Assert.Equal(HttpStatusCode.Redirect, (await owner.SignInAsync(Victim)).Status);
    }

    [Fact]
    public async Task ResetPassword_offers_to_revoke_the_keys_and_ends_every_session()
    {
        using var intruder = await _host.SignUpAsync(Victim);
        var key = PortalBrowser.PublicIdOf(await intruder.CreateKeyAsync("backdoor"));
        using var owner = _host.Browse();
        await owner.SubmitAsync("/forgot-password", "forgot-password", ("Input.Email", Victim));
        var link = await owner.LinkOfMailAsync(Victim, "Choose");

        var offer = await owner.OpenAsync(link);
        var done = await owner.SubmitAsync(
            link, "reset-password", ("Input.Password", "a wholly new password"), ("Input.RevokeKeys", "true"));
        var intruded = await intruder.OpenAsync("/keys");

        Assert.Contains("revoke all API keys", offer.Html, StringComparison.Ordinal);
        Assert.EndsWith("/sign-in?reset=true&keys=revoked", done.Location, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Redirect, intruded.Status);
        Assert.Equal(
            KeyState.Revoked,
            await _host.InScopeAsync<AccountsDb, KeyState>(
                db => db.ApiKeys.Where(k => k.PublicId == key).Select(k => k.State).SingleAsync()));
    }

    [Fact]
    public async Task Links_and_hashes_lie_in_the_outbox_unreadable()
    {
        await using var host = await AccountsHost.StartAsync(null, "--Mail:Mode=Smtp", "--Mail:SmtpHost=127.0.0.1", "--Mail:SmtpPort=1");
        using var browser = host.Browse();
        await browser.SignUpAsync(Victim);
        string? payload = null;

        await Until.TrueAsync(
            async () => (payload = await ScalarAsync(host, "select payload::text from accounts.outbox where kind = 3")) is not null,
            "the mail waits for its server");

        Assert.DoesNotContain("confirm-email", payload, StringComparison.Ordinal);
        Assert.DoesNotContain(Victim, payload, StringComparison.Ordinal);
    }

    private static async Task<string?> ScalarAsync(AccountsHost host, string sql)
    {
        await using var connection = new NpgsqlConnection(PostgresServer.SeeingAll(host.Postgres));
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync() as string;
    }

    /// <summary>The link of a mail that came after the one with <paramref name="last"/>.</summary>
    private static async Task<string> NextLinkAsync(PortalBrowser browser, string last)
    {
        var link = last;
        await Until.TrueAsync(async () => (link = await browser.LinkOfMailAsync(Victim)) != last, "the next mail");
        return link;
    }
}
