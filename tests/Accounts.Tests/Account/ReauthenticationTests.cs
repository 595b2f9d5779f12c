using System.Net;
using System.Reflection;
using Microsoft.AspNetCore.Components;
using Tollgate.Accounts.Portal;
using static Tollgate.Accounts.Tests.Account.AccountFixture;

namespace Tollgate.Accounts.Tests.Account;

public sealed class ReauthenticationTests : IAsyncLifetime
{
    private AccountsHost _host = null!;

    public async Task InitializeAsync() => _host = await AccountsHost.StartAsync();

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task A_form_of_an_old_session_waits_for_the_password_and_loses_nothing()
    {
        using var browser = await _host.SignUpAsync();
        await _host.AgeSessionsAsync();

        var asked = await browser.SubmitAsync(
            "/keys/new", "new-key", ("Input.Name", "<my> \"key\""), ("Input.Access.Scopes", "models"), ("Input.Access.Scopes", "chat"));
        var fields = Held(asked);
        var wrong = await browser.SendAsync("/keys/new", fields, ("Confirm.Password", "not the password"));
        var right = await browser.SendAsync("/keys/new", Held(wrong), ("Confirm.Password", PortalBrowser.Password));

        Assert.Equal(HttpStatusCode.Forbidden, asked.Status);
        Assert.Contains("Confirm that it is you", asked.Html, StringComparison.Ordinal);
        Assert.Contains("action=\"/keys/new\"", asked.Html, StringComparison.Ordinal);
        Assert.Equal("<my> \"key\"", fields["Input.Name"]);
        Assert.Equal(2, asked.Html.Split("name=\"Input.Access.Scopes\"").Length - 1);
        Assert.Equal(HttpStatusCode.Forbidden, wrong.Status);
        Assert.Contains("The password is not right", wrong.Html, StringComparison.Ordinal);
        Assert.NotEmpty(PortalBrowser.KeyTextOn(right));
        Assert.Equal(1L, await _host.ReadAsync("select count(*) from accounts.api_keys"));
        Assert.Equal("<my> \"key\"", await _host.ReadAsync("select name from accounts.api_keys"));
        await browser.CreateKeyAsync("another"); // Fresh again.
    }

    [Fact]
    public async Task With_two_step_verification_on_the_password_alone_is_not_enough()
    {
        using var browser = await _host.SignUpAsync();
        var (secret, _) = await browser.TurnOnTwoStepAsync();
        await _host.AgeSessionsAsync();
        var form = await browser.HiddenFieldsAsync("/keys/new", "new-key");

        var password = await browser.SendAsync("/keys/new", form, ("Input.Name", "a"), ("Confirm.Password", PortalBrowser.Password));
        var both = await browser.SendAsync(
            "/keys/new", form, ("Input.Name", "a"), ("Confirm.Password", PortalBrowser.Password), ("Confirm.Code", NextCode(secret)));

        Assert.Equal(HttpStatusCode.Forbidden, password.Status);
        Assert.NotEmpty(PortalBrowser.KeyTextOn(both));
    }

    [Fact]
    public async Task A_page_that_shows_a_secret_asks_first_and_leads_back()
    {
        using var browser = await _host.SignUpAsync();
        await _host.AgeSessionsAsync();

        var led = await browser.OpenAsync("/account/two-step");
        var confirm = led.Location!;
        var back = await browser.SubmitAsync(confirm, "confirm", ("Confirm.Password", PortalBrowser.Password));
        var elsewhere = await browser.OpenAsync("/confirm?returnUrl=https://evil.example/");

        Assert.Equal("/confirm?returnUrl=%2Faccount%2Ftwo-step", confirm);
        Assert.EndsWith("/account/two-step", back.Location, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await browser.OpenAsync("/account/two-step")).Status);
        Assert.EndsWith("/account", elsewhere.Location, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Guesses_of_the_password_before_a_change_count_with_those_of_the_sign_in_page()
    {
        using var browser = await _host.SignUpAsync();
        await _host.AgeSessionsAsync();
        var form = await browser.HiddenFieldsAsync("/keys/new", "new-key");
        for (var i = 0; i < 10; i++)
        {
            await browser.SendAsync("/keys/new", form, ("Confirm.Password", $"guess number {i}"));
        }

        var change = await browser.SendAsync("/keys/new", form, ("Confirm.Password", PortalBrowser.Password));
        using var elsewhere = _host.Browse();
        var signIn = await elsewhere.SignInAsync(Email);

        Assert.Equal(HttpStatusCode.TooManyRequests, change.Status);
        Assert.True(int.Parse(change.Headers["Retry-After"], System.Globalization.CultureInfo.InvariantCulture) > 0);
        Assert.Equal(HttpStatusCode.TooManyRequests, signIn.Status);
    }

    [Fact]
    public async Task A_form_without_its_token_is_refused_and_not_held()
    {
        using var browser = await _host.SignUpAsync();
        await _host.AgeSessionsAsync();

        var page = await browser.SendAsync(
            "/keys/new", new Dictionary<string, string> { ["_handler"] = "new-key" }, ("Confirm.Password", PortalBrowser.Password));

        Assert.Equal(HttpStatusCode.BadRequest, page.Status);
        Assert.Equal(HttpStatusCode.Redirect, (await browser.OpenAsync("/account/two-step")).Status); // Still old.
    }

    [Fact]
    public async Task No_password_is_sent_back_in_the_page()
    {
        using var browser = await _host.SignUpAsync();
        var form = await browser.HiddenFieldsAsync("/account/password", "password");
        await _host.AgeSessionsAsync();

        var page = await browser.SendAsync("/account/password", form,
            ("Input.CurrentPassword", PortalBrowser.Password), ("Input.NewPassword", "four gardens, one walk"));

        Assert.Equal(HttpStatusCode.Forbidden, page.Status);
        Assert.DoesNotContain(PortalBrowser.Password, page.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("four gardens", page.Html, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/keys/new")]
    [InlineData("/keys/{KeyId:guid}")]
    [InlineData("/keys/{KeyId:guid}/rotate")]
    [InlineData("/keys/{KeyId:guid}/revoke")]
    [InlineData("/billing")]
    [InlineData("/account/password")]
    [InlineData("/account/email")]
    [InlineData("/account/two-step")]
    [InlineData("/account/recovery-codes")]
    [InlineData("/account/passkeys")]
    [InlineData("/account/passkeys/new")]
    [InlineData("/admin/organizations/{OrganizationId:guid}")]
    public void Pages_that_change_keys_money_and_the_account_ask_first(string route)
    {
        var page = typeof(AccountsApp).Assembly.GetTypes()
            .Single(type => type.GetCustomAttributes<RouteAttribute>().Any(one => one.Template == route));

        Assert.NotNull(page.GetCustomAttribute<ReauthenticateAttribute>());
    }

    /// <summary>Hidden fields of the page that asks; of a name that comes more than once, the last.</summary>
    private static Dictionary<string, string> Held(Page page)
    {
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (System.Text.RegularExpressions.Match input in System.Text.RegularExpressions.Regex.Matches(
            page.Html, "<input type=\"hidden\" name=\"([^\"]*)\" value=\"([^\"]*)\""))
        {
            if (input.Groups[1].Value != "_handler" || !fields.ContainsKey("_handler"))
            {
                fields[WebUtility.HtmlDecode(input.Groups[1].Value)] = WebUtility.HtmlDecode(input.Groups[2].Value);
            }
        }

        return fields;
    }
}
