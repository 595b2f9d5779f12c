using System.Net;
using Tollgate.Testing;

namespace Tollgate.Accounts.Tests;

public sealed class PortalTests
{
    [Fact]
    public async Task Pages_allow_nothing_inline_and_nothing_from_elsewhere()
    {
        await using var host = await AccountsHost.StartAsync();
        using var browser = await host.SignUpAsync();

        foreach (var path in (string[])["/", "/sign-in", "/sign-up", "/dev/mail", "/overview", "/keys", "/keys/new", "/usage", "/billing",
            "/models", "/no-such-page"])
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
