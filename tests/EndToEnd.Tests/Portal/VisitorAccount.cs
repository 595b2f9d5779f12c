using Microsoft.Playwright;

namespace Tollgate.EndToEnd.Tests.Portal;

/// <summary>What somebody does with the own account.</summary>
internal sealed partial class Visitor
{
    private ICDPSession? _devTools;

    /// <summary>Gives the browser an authenticator that verifies its user without being touched.</summary>
    public async Task AddAuthenticatorAsync()
    {
        _devTools = await _page.Context.NewCDPSessionAsync(_page);
        await _devTools.SendAsync("WebAuthn.enable");
        await _devTools.SendAsync("WebAuthn.addVirtualAuthenticator", new Dictionary<string, object>
        {
            ["options"] = new Dictionary<string, object>
            {
                ["protocol"] = "ctap2", ["transport"] = "internal", ["hasResidentKey"] = true, ["hasUserVerification"] = true,
                ["isUserVerified"] = true, ["automaticPresenceSimulation"] = true,
            },
        });
    }

    /// <summary>Turns two-step verification on. Returns the secret in base 32, and the recovery codes.</summary>
    /// <param name="code">Makes the code of a secret.</param>
    public async Task<(string Secret, IReadOnlyList<string> RecoveryCodes)> TurnOnTwoStepAsync(Func<string, string> code)
    {
        await GoAsync("/account");
        await ShootAsync("account");
        await _page.GetByRole(AriaRole.Link, new() { Name = "Turn on" }).ClickAsync();
        await _page.GetByRole(AriaRole.Button, new() { Name = "Set up an app" }).ClickAsync();
        var secret = (await _page.Locator("#totp-secret").InnerTextAsync()).Replace(" ", "", StringComparison.Ordinal);
        await ShootAsync("two-step");
        await _page.GetByLabel("Code", new() { Exact = true }).FillAsync(code(secret));
        await _page.GetByRole(AriaRole.Button, new() { Name = "Turn on" }).ClickAsync();
        await HeadingAsync("Recovery codes");
        await ShootAsync("recovery-codes");
        var codes = await File.ReadAllLinesAsync((await DownloadAsync("Download")).Path);
        Assert.Equal((await _page.Locator("#recovery-codes").InnerTextAsync()).Split('\n'), codes);
        return (secret, codes);
    }

    /// <summary>Signs in with a password and a code.</summary>
    public async Task SignInAsync(string email, string password, string code)
    {
        await _page.GotoAsync("/sign-in");
        await _page.GetByLabel("E-mail").FillAsync(email);
        await _page.GetByLabel("Password").FillAsync(password);
        await _page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await HeadingAsync("Two-step verification");
        await ShootAsync("code");
        await _page.GetByLabel("Code", new() { Exact = true }).FillAsync(code);
        await _page.GetByRole(AriaRole.Button, new() { Name = "Continue" }).ClickAsync();
        await HeadingAsync("Overview");
    }

    /// <summary>Adds a passkey of the browser's authenticator.</summary>
    public async Task AddPasskeyAsync(string name)
    {
        await GoAsync("/account/passkeys");
        await _page.GetByRole(AriaRole.Link, new() { Name = "Add a passkey" }).ClickAsync();
        await _page.GetByLabel("Name").FillAsync(name);
        await ShootAsync("new-passkey");
        await _page.GetByRole(AriaRole.Button, new() { Name = "Create the passkey" }).ClickAsync();
        await _page.GetByRole(AriaRole.Rowheader, new() { Name = name }).WaitForAsync();
        await ShootAsync("passkeys");
    }

    /// <summary>Signs in with the passkey that the browser offers on the sign-in page.</summary>
    public async Task SignInByPasskeyAsync()
    {
        await _page.GotoAsync("/sign-in");
        await HeadingAsync("Overview");
    }

    public async Task SignOutAsync()
    {
        await GoAsync("/account");
        await _page.GetByRole(AriaRole.Button, new() { Name = "Sign out", Exact = true }).ClickAsync();
        await _page.WaitForURLAsync(url => new Uri(url).AbsolutePath == "/");
    }

    /// <summary>Gives an address alone to the sign-in page, which leads to the provider of its organization.</summary>
    public async Task LeaveForProviderAsync(string email)
    {
        await _page.GotoAsync("/sign-in");
        await FillAsync("E-mail", email);
        await ShootAsync("address-alone");
        await SubmitAsync("Sign in");
    }

    /// <summary>Signs in at the login page of an organization's provider and lets it tell the portal who it is.</summary>
    public async Task SignInAtProviderAsync(string email)
    {
        await LeaveForProviderAsync(email);
        await _page.GetByPlaceholder("Enter any login").FillAsync(email);
        await _page.GetByPlaceholder("and password").FillAsync("any");
        await ShootAsync("at-the-provider");
        await SubmitAsync("Sign-in");
        await SubmitAsync("Continue");
    }
}
