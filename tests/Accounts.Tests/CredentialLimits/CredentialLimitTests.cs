using System.Globalization;
using System.Net;
using System.Reflection;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Components;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Tollgate.Accounts.CredentialLimits;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Outbox;
using Tollgate.Testing;

namespace Tollgate.Accounts.Tests.CredentialLimits;

public sealed class CredentialLimitTests : IAsyncLifetime
{
    private const string Email = "ada@example.com";
    private AccountsHost _host = null!;

    public async Task InitializeAsync() => _host = await AccountsHost.StartAsync(
        null, "--Proxies:Trusted:0=127.0.0.1/32", "--Credentials:GuessesPerAccountPerHour=12", "--Credentials:MailsPerMailboxPerHour=9");

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task Every_credential_form_counts_under_every_spelling_of_its_path()
    {
        string[] paths =
        [
            "/sign-in", "/sign-in/", "/SIGN-IN", "/sign%2Din", "/sign-in/?a=1", "/forgot-password/", "/confirm-email/", "/reset-password",
            "/Sign-Up/",
        ];
        await using var host = await AccountsHost.StartAsync(
            null, "--Portal:CredentialFormsPerMinute=2", "--Proxies:Trusted=127.0.0.1/32");

        for (var i = 0; i < paths.Length; i++)
        {
            using var browser = host.Browse($"203.0.113.{i}");
            var form = await browser.HiddenFieldsAsync("/sign-in", "sign-in");
            await browser.SendAsync("/sign-in", form, ("Input.Email", Email), ("Input.Password", "x"));
            await browser.SendAsync("/sign-in", form, ("Input.Email", Email), ("Input.Password", "x"));

            var page = await browser.SendAsync(paths[i], form, ("Input.Email", Email), ("Input.Password", "x"));

            Assert.True(page.Status == HttpStatusCode.TooManyRequests, $"{paths[i]}: {page.Status}");
            Assert.InRange(int.Parse(page.Headers["Retry-After"], CultureInfo.InvariantCulture), 1, 60);
        }
    }

    [Fact]
    public void Every_page_that_takes_a_password_or_mails_a_link_is_a_credential_form()
    {
        var open = typeof(AccountsApp).Assembly.GetTypes()
            .Where(type => type.GetCustomAttributes<RouteAttribute>().Any()
                && type.GetCustomAttribute<AllowAnonymousAttribute>() is not null)
            .Where(type => type.GetProperties().Any(p => p.GetCustomAttribute<SupplyParameterFromFormAttribute>() is not null))
            .ToList();

        Assert.Equal(8, open.Count);
        Assert.All(open, page => Assert.NotNull(page.GetCustomAttribute<CredentialFormAttribute>()));
    }

    [Fact]
    public async Task Guesses_sent_at_once_are_counted_before_any_is_looked_at()
    {
        using var owner = await _host.SignUpAsync(Email);
        using var guesser = _host.Browse("203.0.113.7");
        var form = await guesser.HiddenFieldsAsync("/sign-in", "sign-in");

        var pages = await Task.WhenAll(Enumerable.Range(0, 80).Select(guess => guesser.SendAsync(
            "/sign-in", form, ("Input.Email", Email), ("Input.Password", $"guess number {guess}"))));
        var right = await guesser.SignInAsync(Email);

        Assert.Equal(10, pages.Count(page => page.Status == HttpStatusCode.OK));
        Assert.Equal(70, pages.Count(page => page.Status == HttpStatusCode.TooManyRequests));
        Assert.Equal(HttpStatusCode.TooManyRequests, right.Status);
    }

    [Fact]
    public async Task A_wait_doubles_with_each_further_guess_and_ends_with_the_right_password()
    {
        using var owner = await _host.SignUpAsync(Email);
        var waits = new List<int>();

        for (var attempt = 0; attempt < 9; attempt++)
        {
            Assert.Null(await TakeAsync("203.0.113.7"));
        }

        for (var attempt = 0; attempt < 7; attempt++)
        {
            Assert.Null(await TakeAsync("203.0.113.7")); // It still is looked at, and starts the wait.
            waits.Add((int)Math.Round((await TakeAsync("203.0.113.7"))!.Value.TotalSeconds / 10) * 10);
            await ExecuteAsync(
                "update accounts.credential_counts set blocked_until = now() - interval '1 second' where blocked_until is not null");
            await ExecuteAsync("update accounts.credential_counts set count = 0 where blocked_until is null");
        }

        await _host.InScopeAsync<CredentialLimiter, bool>(async limiter =>
        {
            await limiter.ForgiveAsync(Email, "203.0.113.7", default);
            return true;
        });
        for (var attempt = 0; attempt < 10; attempt++)
        {
            Assert.Null(await TakeAsync("203.0.113.7"));
        }

        Assert.Equal([30, 60, 120, 240, 480, 900, 900], waits);
    }

    [Fact]
    public async Task Strangers_cannot_keep_an_owner_out()
    {
        using var owner = await _host.SignUpAsync(Email); // From 127.0.0.1 itself: no proxy reports another.
        for (var network = 0; network < 3; network++)
        {
            using var stranger = _host.Browse($"203.0.113.{network}");
            for (var guess = 0; guess < 6; guess++)
            {
                await stranger.SignInAsync(Email, "not the password");
            }
        }

        using var newcomer = _host.Browse("198.51.100.9");
        var unknown = await newcomer.SignInAsync(Email);
        using var sameNetwork = _host.Browse();
        var known = await sameNetwork.SignInAsync(Email);

        // 12 guesses from unknown sources in this hour, one of which was the first sign-in.
        Assert.Equal(HttpStatusCode.TooManyRequests, unknown.Status);
        Assert.Equal(HttpStatusCode.Redirect, known.Status);
    }

    [Fact]
    public async Task A_subscriber_with_many_addresses_is_one_source()
    {
        using var owner = await _host.SignUpAsync(Email);
        var pages = new List<Page>();

        for (var guess = 0; guess < 11; guess++)
        {
            using var browser = _host.Browse($"2001:db8:1:2:{guess:x}::1");
            pages.Add(await browser.SignInAsync(Email, "not the password"));
        }

        Assert.All(pages[..10], page => Assert.Equal(HttpStatusCode.OK, page.Status));
        Assert.Equal(HttpStatusCode.TooManyRequests, pages[10].Status);
    }

    [Fact]
    public async Task A_mailbox_gets_only_so_many_mails_and_its_owner_still_can_ask_for_one()
    {
        using var owner = await _host.SignUpAsync(Email);
        var answers = new List<HttpStatusCode>();
        for (var attempt = 0; attempt < 12; attempt++)
        {
            using var stranger = _host.Browse($"203.0.113.{attempt / 6}");
            var spelling = attempt % 2 == 0 ? Email : "Ada+x@Example.com";
            answers.Add((await stranger.SubmitAsync("/forgot-password", "forgot-password", ("Input.Email", spelling))).Status);
        }

        var own = await owner.SubmitAsync("/forgot-password", "forgot-password", ("Input.Email", Email));

        Assert.Equal(8, answers.Count(status => status == HttpStatusCode.OK)); // Nine from unknown sources, one of which was the sign-up.
        Assert.Equal(4, answers.Count(status => status == HttpStatusCode.TooManyRequests));
        Assert.Equal(HttpStatusCode.OK, own.Status);
    }

    [Fact]
    public async Task Forgotten_password_does_the_same_for_an_address_without_an_account()
    {
        using var owner = await _host.SignUpAsync(Email);
        using var browser = _host.Browse();
        var known = await browser.SubmitAsync("/forgot-password", "forgot-password", ("Input.Email", Email));
        await browser.LinkOfMailAsync(Email, "Choose");

        var unknown = await browser.SubmitAsync("/forgot-password", "forgot-password", ("Input.Email", "eve@example.com"));
        await Until.TrueAsync(
            () => _host.InScopeAsync<AccountsDb, bool>(async db => !await db.Outbox.AnyAsync()), "the outbox is empty");

        Assert.Equal(known.Html, unknown.Html);
        Assert.DoesNotContain(
            Directory.EnumerateFiles(_host.MailFolder, "*.eml"), file => File.ReadAllText(file).Contains("eve@", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("203.0.113.7", "203.0.113.0/24")]
    [InlineData("2001:db8:1:2::7", "2001:db8:1::/48")]
    [InlineData(null, null)] // Loopback: all clients are one machine's.
    public async Task Billing_learns_from_which_network_an_address_was_confirmed(string? from, string? network)
    {
        using var browser = _host.Browse(from);
        await browser.SignUpAsync(Email);
        await browser.ConfirmAsync(await browser.LinkOfMailAsync(Email));

        await Until.TrueAsync(() => _host.Responder.Wallets.Count == 1, "the wallet is opened");

        Assert.Equal(network, _host.Responder.Wallets.Single().Value.Network);
    }

    private Task<TimeSpan?> TakeAsync(string source) =>
        _host.InScopeAsync<CredentialLimiter, TimeSpan?>(limiter => limiter.TakeGuessAsync(Email, source, default));

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(PostgresServer.SeeingAll(_host.Postgres));
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
