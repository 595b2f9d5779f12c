using System.Net;
using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Endpoints;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Testing;

namespace Tollgate.Accounts.Tests.Site;

public sealed class PortalTests
{
    [Fact]
    public async Task Pages_allow_nothing_inline_and_nothing_from_elsewhere()
    {
        await using var host = await AccountsHost.StartAsync();
        using var browser = await host.SignUpAsync();

        foreach (var path in (string[])["/", "/sign-in", "/sign-up", "/dev/mail", "/overview", "/keys", "/keys/new", "/usage", "/billing",
            "/models", "/files", "/files/new", "/batches", "/batches/new", "/fine-tuning", "/fine-tuning/new", "/fine-tuning/compare",
            "/project", "/project/delete-responses", "/account", "/account/password", "/account/email", "/account/two-step",
            "/account/recovery-codes", "/account/passkeys", "/account/passkeys/new", "/account/sessions", "/confirm", "/sign-in/code",
            "/email/confirm", "/email/undo", "/no-such-page"])
        {
            var page = await browser.OpenAsync(path);
            Assert.Contains("default-src 'none'; script-src 'self'; style-src 'self'", page.Headers["Content-Security-Policy"],
                StringComparison.Ordinal);
            Assert.DoesNotContain("style=\"", page.Html, StringComparison.Ordinal);
            Assert.DoesNotContain("<script>", page.Html, StringComparison.Ordinal);
            Assert.DoesNotContain("src=\"http", page.Html, StringComparison.Ordinal);
            Assert.True(page.Status is HttpStatusCode.OK or HttpStatusCode.NotFound or HttpStatusCode.Redirect, $"{path}: {page.Status}");
        }
    }

    [Fact]
    public async Task A_page_that_is_missing_keeps_the_menu_of_who_is_signed_in()
    {
        await using var host = await AccountsHost.StartAsync();
        using var ada = await host.SignUpAsync();
        using var stranger = host.Browse();

        var hers = await ada.OpenAsync("/no-such-page");
        var her = await ada.OpenAsync($"/keys/{Guid.NewGuid()}");
        var theirs = await stranger.OpenAsync("/no-such-page");

        Assert.All([hers, her, theirs], page => Assert.Equal(HttpStatusCode.NotFound, page.Status));
        Assert.All([hers, her], page => Assert.Contains("href=\"/keys\"", page.Html, StringComparison.Ordinal));
        Assert.Contains("There is no such page", hers.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("Sign out", theirs.Html, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/sign-in")]
    [InlineData("/keys")]
    [InlineData("/no-such-page")]
    [InlineData("/health/live")]
    [InlineData("/health/ready")]
    public async Task Head_answers_as_get_without_the_body(string path)
    {
        await using var host = await AccountsHost.StartAsync();
        using var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = new Uri(host.PublicUrl) };

        using var got = await client.GetAsync(path);
        using var head = await client.SendAsync(new HttpRequestMessage(HttpMethod.Head, path));

        Assert.Equal(got.StatusCode, head.StatusCode);
        Assert.Equal(got.Content.Headers.ContentType?.ToString(), head.Content.Headers.ContentType?.ToString());
        Assert.Empty(await head.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task No_query_and_no_form_of_a_page_is_an_error_of_ours()
    {
        await using var host = await AccountsHost.StartAsync();
        using var browser = await host.BrowseAsOperatorAsync();
        string[] values =
            ["%00", "%ff", "%", "x", "-1", "99999999999999999999", "%27", "%ED%A0%80", "2026-13-45", "%0d%0a", new('a', 2000)];
        var pages = host.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Select(endpoint => (Path: Fill(endpoint.RoutePattern.RawText!), endpoint.Metadata.GetMetadata<ComponentTypeMetadata>()?.Type))
            .Where(page => page.Type is not null).ToList();
        var asked = 0;
        foreach (var (path, type) in pages)
        {
            var names = type!.GetProperties()
                .Select(property => (property, property.GetCustomAttribute<SupplyParameterFromQueryAttribute>()))
                .Where(pair => pair.Item2 is not null).Select(pair => pair.Item2!.Name ?? pair.property.Name);
            foreach (var address in names.Append("any").SelectMany(name => values.Select(value => $"{path}?{name}={value}")))
            {
                var page = await browser.OpenAsync(address);
                Assert.True((int)page.Status < 500, $"{address} answered {page.Status}");
                asked++;
            }
        }

        var created = await browser.SubmitAsync("/keys/new", "new-key", ("Input.Name", "a\0b"), ("Input.Access.Scopes", "models"));
        Assert.True(asked > 20 * values.Length, $"{asked} addresses");
        Assert.Equal(HttpStatusCode.BadRequest, created.Status);
        Assert.Contains("Sign out", created.Html, StringComparison.Ordinal);
    }

    private static string Fill(string pattern) =>
        Regex.Replace(Regex.Replace("/" + pattern.Trim('/'), @"\{[^}]*:guid\}", Guid.Empty.ToString()), @"\{[^}]*\}", "404");

    [Fact]
    public async Task Internal_listener_shows_no_page_and_the_public_one_no_internal_call()
    {
        await using var host = await AccountsHost.StartAsync();
        using var gateway = host.ClientAs("gateway");

        using var page = await gateway.GetAsync("/sign-in");
        using var internalCall = await gateway.GetAsync(host.PublicUrl + "/internal/catalogue");

        Assert.Equal(HttpStatusCode.NotFound, page.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, internalCall.StatusCode);
    }

    [Fact]
    public async Task Cookies_are_secure_under_an_https_address()
    {
        await using var host = await AccountsHost.StartAsync(
            null, "--Portal:PublicUrl=https://portal.example", "--Mail:SmtpHost=127.0.0.1", "--Portal:Hsts=true");
        using var browser = host.Browse();

        var page = await browser.OpenAsync("/sign-in");
        var mailbox = await browser.OpenAsync("/dev/mail");

        Assert.Contains("secure", page.Headers["Set-Cookie"], StringComparison.OrdinalIgnoreCase);
        Assert.Contains("httponly", page.Headers["Set-Cookie"], StringComparison.OrdinalIgnoreCase);
        Assert.Equal("max-age=31536000", page.Headers["Strict-Transport-Security"]);
        Assert.Equal(HttpStatusCode.NotFound, mailbox.Status);
    }

    [Fact]
    public async Task Mailbox_opens_to_the_operator_and_to_the_token_and_never_through_a_proxy()
    {
        await using var host = await AccountsHost.StartAsync(null, "--Development:Token=the-token");
        using var http = new HttpClient(new SocketsHttpHandler { UseCookies = false }) { BaseAddress = new Uri(host.PublicUrl) };

        var statuses = new List<HttpStatusCode>();
        foreach (var (path, header) in (IEnumerable<(string, string)>)
            [
                ("/dev/mail?token=the-token", ""), ("/dev/mail", "Cookie: tollgate.development=the-token"), ("/dev/mail", ""),
                ("/dev/mail?token=another", ""), ("/dev/mail?token=the-token", "X-Forwarded-For: 10.0.0.1"),
                ("/dev/mail?token=the-token", "X-Forwarded-Proto: https"), ("/dev/mail?token=the-token", "Forwarded: for=10.0.0.1"),
                ("/dev/mail?token=the-token", "Via: 1.1 proxy"),
            ])
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            if (header.Split(": ") is [var name, var value])
            {
                request.Headers.Add(name, value);
            }

            using var answer = await http.SendAsync(request);
            statuses.Add(answer.StatusCode);
        }

        Assert.Equal(
            (IEnumerable<HttpStatusCode>)[HttpStatusCode.OK, HttpStatusCode.OK, .. Enumerable.Repeat(HttpStatusCode.NotFound, 6)],
            statuses);
    }

    [Theory]
    [InlineData("localhost", HttpStatusCode.OK)]
    [InlineData("[::1]", HttpStatusCode.OK)]
    [InlineData("evil.example", HttpStatusCode.MisdirectedRequest)]
    [InlineData("127.0.0.1.evil.example", HttpStatusCode.MisdirectedRequest)]
    [InlineData("10.1.2.3", HttpStatusCode.MisdirectedRequest)]
    public async Task Portal_is_served_only_under_names_that_it_knows(string name, HttpStatusCode status)
    {
        await using var host = await AccountsHost.StartAsync();
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, host.PublicUrl + "/sign-in");
        request.Headers.Host = name;

        using var answer = await http.SendAsync(request);

        Assert.Equal(status, answer.StatusCode);
    }

    [Theory]
    [InlineData("--Listen:Public=http://0.0.0.0:0")]
    [InlineData("--Portal:PublicUrl=https://portal.example")]
    public void Create_refuses_a_public_portal_whose_mail_goes_to_a_folder(string setting)
    {
        string[] settings =
            [.. AccountsHost.Settings("Host=127.0.0.1", "127.0.0.1:1", "http://127.0.0.1:1", TestFolder.Create("mail")), setting];

        var refused = Assert.Throws<InvalidOperationException>(() => AccountsApp.Create(settings));
        using var switchedOff = (IDisposable)AccountsApp.Create([.. settings, "--Mail:Mode=Off"]);

        Assert.Contains("Mail:SmtpHost", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Credential_forms_are_limited_by_network_address()
    {
        await using var host = await AccountsHost.StartAsync(null, "--Portal:CredentialFormsPerMinute=3");
        using var browser = host.Browse();
        for (var attempt = 0; attempt < 3; attempt++)
        {
            await browser.SignInAsync("nobody@example.com");
        }

        var page = await browser.SignInAsync("nobody@example.com");

        Assert.Equal(HttpStatusCode.TooManyRequests, page.Status);
        Assert.Contains("Too many attempts", page.Html, StringComparison.Ordinal);
    }
}
