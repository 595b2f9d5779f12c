using Microsoft.Playwright;

namespace Tollgate.EndToEnd.Tests.Portal;

/// <summary>What somebody does with organizations.</summary>
internal sealed partial class Visitor
{
    /// <summary>Founds an organization and is in it then. Returns its id.</summary>
    public async Task<string> FoundAsync(string name)
    {
        await GoAsync("/organizations/new");
        await _page.GetByLabel("Name").FillAsync(name);
        await _page.GetByRole(AriaRole.Button, new() { Name = "Create organization" }).ClickAsync();
        await HeadingAsync("Overview");
        await GoAsync("/organization");
        return (await _page.Locator(".facts code").First.InnerTextAsync()).Trim();
    }

    /// <summary>Changes to another organization of the visitor.</summary>
    public async Task SwitchToAsync(string organization)
    {
        await GoAsync("/organizations");
        await _page.GetByRole(AriaRole.Button, new() { Name = $"Switch to {organization}", Exact = true }).ClickAsync();
        await HeadingAsync("Overview");
    }

    /// <summary>Suspends an organization, as an operator.</summary>
    public async Task SuspendAsync(string organizationId)
    {
        await GoAsync($"/admin/organizations/{organizationId}/suspend");
        await _page.GetByRole(AriaRole.Button, new() { Name = "Suspend organization" }).ClickAsync();
        await _page.GetByRole(AriaRole.Button, new() { Name = "Lift the suspension" }).WaitForAsync();
    }

    /// <summary>Asks for the deletion of the organization in which the visitor is.</summary>
    public async Task LeaveWithOrganizationAsync(string name)
    {
        await GoAsync("/organization/delete");
        await _page.GetByLabel("Type the name").FillAsync(name);
        await _page.GetByRole(AriaRole.Button, new() { Name = "Delete the organization" }).ClickAsync();
        await _page.GetByRole(AriaRole.Button, new() { Name = "Keep the organization" }).WaitForAsync();
    }

    /// <summary>Asks for the deletion of the own account.</summary>
    public async Task LeaveAsync(string email)
    {
        await GoAsync("/account/delete");
        await _page.GetByLabel("Type your address").FillAsync(email);
        await _page.GetByRole(AriaRole.Button, new() { Name = "Delete my account" }).ClickAsync();
        await _page.GetByRole(AriaRole.Button, new() { Name = "Keep my account" }).WaitForAsync();
    }

    /// <summary>The token of the invitation that was mailed to an address.</summary>
    public async Task<string> FindInvitationAsync(string mailbox, string email)
    {
        var mail = await FindMailAsync(mailbox, email, "Join", count: 1, patience: null);
        var path = (await mail.GetByRole(AriaRole.Link, new() { Name = "Open the link" }).GetAttributeAsync("href"))!;
        return path[(path.LastIndexOf('/') + 1)..];
    }

    /// <summary>The id in the address of a link, which ends in <c>/ID/VERB</c>.</summary>
    public async Task<string> FindIdAsync(string page, string link)
    {
        await GoAsync(page);
        return (await _page.GetByRole(AriaRole.Link, new() { Name = link, Exact = true }).GetAttributeAsync("href"))!.Split('/')[^2];
    }

    /// <summary>Begins two-step verification: the page shows the QR code then.</summary>
    public async Task BeginTwoStepAsync()
    {
        await GoAsync("/account/two-step");
        if (await _page.Locator("#totp-secret").CountAsync() == 0)
        {
            await _page.GetByRole(AriaRole.Button, new() { Name = "Set up an app" }).ClickAsync();
            await _page.Locator("#totp-secret").WaitForAsync();
        }
    }

    /// <summary>Turns two-step verification on from the page with the QR code: the page shows recovery codes then.</summary>
    public async Task ConfirmTwoStepAsync()
    {
        var secret = (await _page.Locator("#totp-secret").InnerTextAsync()).Replace(" ", "", StringComparison.Ordinal);
        await _page.GetByLabel("Code", new() { Exact = true }).FillAsync(Authenticator.CodeOf(secret, 0));
        await _page.GetByRole(AriaRole.Button, new() { Name = "Turn on" }).ClickAsync();
        await HeadingAsync("Recovery codes");
    }

    /// <summary>Signs in with the password alone, where that does not lead to the overview.</summary>
    /// <param name="heading">Of the page that it leads to.</param>
    public async Task BeginSignInAsync(string email, string password, string heading)
    {
        await _page.GotoAsync("/sign-in");
        await _page.GetByLabel("E-mail").FillAsync(email);
        await _page.GetByLabel("Password").FillAsync(password);
        await _page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await HeadingAsync(heading);
    }

    public async Task TurnTwoStepOffAsync()
    {
        await GoAsync("/account/two-step");
        await _page.GetByRole(AriaRole.Button, new() { Name = "Turn off" }).ClickAsync();
        await HeadingAsync("Account");
    }
}
