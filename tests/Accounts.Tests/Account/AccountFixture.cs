using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Npgsql;
using Tollgate.Accounts.SecondFactor;
using Tollgate.Testing;

namespace Tollgate.Accounts.Tests.Account;

/// <summary>What tests of the account page do often.</summary>
internal static partial class AccountFixture
{
    public const string Email = "ada@example.com";

    /// <summary>Turns two-step verification on by the page. Returns the secret and the recovery codes that it shows.</summary>
    public static async Task<(byte[] Secret, string[] Codes)> TurnOnTwoStepAsync(this PortalBrowser browser)
    {
        var page = await browser.SubmitAndFollowAsync("/account/two-step", "begin");
        var secret = FromBase32(Secret().Match(page.Html).Groups[1].Value.Replace(" ", "", StringComparison.Ordinal));
        var shown = await browser.SubmitAsync(
            "/account/two-step", "turn-on", ("Input.Code", Totp.CodeOf(secret, Totp.StepAt(TimeProvider.System.GetUtcNow()))));
        Assert.True(shown.Status == HttpStatusCode.OK, shown.Html);
        return (secret, WebUtility.HtmlDecode(Codes().Match(shown.Html).Groups[1].Value).Split('\n'));
    }

    /// <summary>A code that was not used yet: of the step after the one that turned two-step verification on.</summary>
    public static string NextCode(byte[] secret) => Totp.CodeOf(secret, Totp.StepAt(TimeProvider.System.GetUtcNow()) + 1);

    /// <summary>A browser that has given the right password and now owes the code.</summary>
    public static async Task<PortalBrowser> AwaitCodeAsync(this AccountsHost host, string email = Email)
    {
        var browser = host.Browse();
        var page = await browser.SignInAsync(email);
        Assert.Equal(
            (HttpStatusCode.Redirect, "/sign-in/code"), (page.Status, new Uri(new Uri(host.PublicUrl), page.Location).AbsolutePath));
        return browser;
    }

    public static Task<Page> EnterCodeAsync(this PortalBrowser browser, string code) =>
        browser.SubmitAsync("/sign-in/code", "code", ("Input.Code", code));

    /// <summary>Whether the browser is signed in.</summary>
    public static async Task<bool> IsSignedInAsync(this PortalBrowser browser) =>
        (await browser.OpenAsync("/account")).Status == HttpStatusCode.OK;

    /// <summary>Lets all sessions have proved a factor longer ago than a change allows.</summary>
    public static Task AgeSessionsAsync(this AccountsHost host) =>
        host.ExecuteAsync("update accounts.sessions set authenticated_at = now() - interval '11 minutes'");

    public static async Task ExecuteAsync(this AccountsHost host, string sql) => await host.ReadAsync(sql);

    /// <summary>The first value of a query; null without a row.</summary>
    public static async Task<object?> ReadAsync(this AccountsHost host, string sql)
    {
        await using var connection = new NpgsqlConnection(PostgresServer.SeeingAll(host.Postgres));
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }

    /// <summary>How many entries of the audit have an action.</summary>
    public static async Task<long> CountEntriesAsync(this AccountsHost host, string action) =>
        (long)(await host.ReadAsync($"select count(*) from accounts.audit_entries where action = '{action}'"))!;

    /// <summary>Options for a passkey, with the sealed challenge.</summary>
    public static async Task<(string State, JsonElement Options)> PasskeyOptionsAsync(this PortalBrowser browser, string path)
    {
        var page = await browser.OpenAsync(path);
        Assert.True(page.Status == HttpStatusCode.OK, $"{path}: {page.Status} {page.Location}");
        var answer = JsonDocument.Parse(page.Html).RootElement;
        return (answer.GetProperty("state").GetString()!, answer.GetProperty("options"));
    }

    /// <summary>Adds a passkey by the page.</summary>
    public static async Task<Page> AddPasskeyAsync(this PortalBrowser browser, SoftAuthenticator authenticator, string name = "laptop")
    {
        var (state, options) = await browser.PasskeyOptionsAsync("/passkeys/new");
        return await browser.SubmitAsync(
            "/account/passkeys/new", "new-passkey", ("Input.Name", name), ("Input.Passkey.State", state),
            ("Input.Passkey.Credential", authenticator.Create(options)));
    }

    /// <summary>Signs in by passkey.</summary>
    public static async Task<Page> SignInAsync(this PortalBrowser browser, SoftAuthenticator authenticator)
    {
        var (state, options) = await browser.PasskeyOptionsAsync("/passkeys/sign-in");
        return await browser.SubmitAsync(
            "/sign-in", "passkey", ("Passkey.State", state), ("Passkey.Credential", authenticator.Answer(options)));
    }

    private static byte[] FromBase32(string text)
    {
        var bits = string.Concat(text.Select(letter =>
            Convert.ToString("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".IndexOf(letter, StringComparison.Ordinal), 2).PadLeft(5, '0')));
        return [.. Enumerable.Range(0, bits.Length / 8).Select(i => Convert.ToByte(bits.Substring(i * 8, 8), 2))];
    }

    [GeneratedRegex("id=\"totp-secret\"[^>]*>([A-Z2-7 ]+)<")]
    private static partial Regex Secret();

    [GeneratedRegex("id=\"recovery-codes\"[^>]*>([^<]+)<")]
    private static partial Regex Codes();
}
