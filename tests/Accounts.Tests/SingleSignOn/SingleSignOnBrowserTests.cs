using Microsoft.Playwright;
using Tollgate.EndToEnd.Tests.Portal;
using Tollgate.Testing.SingleSignOn;

namespace Tollgate.Accounts.Tests.SingleSignOn;

/// <summary>The way to the provider and back in a real browser, which checks redirects of forms against the portal's policy.</summary>
public sealed class SingleSignOnBrowserTests
{
    [Fact]
    public async Task An_address_alone_leads_through_the_provider_to_the_portal_and_a_refusal_back()
    {
        await using var bench = await SingleSignOnBench.ConnectedAsync(("Input.CreatesMembers", "true"));
        bench.Provider.Asks = true;
        bench.Provider.Person = new StandInPerson("1", "ada@acme.example");
        using var playwright = await Playwright.CreateAsync();
        await using var browser = await Chromium.LaunchAsync(playwright);
        await using var context = await browser.NewContextAsync(
            new() { BaseURL = bench.Host.PublicUrl, ViewportSize = new() { Width = 360, Height = 800 } });
        var page = await context.NewPageAsync();

        await BeginAsync(page);
        await page.GetByRole(AriaRole.Button, new() { Name = "Cancel" }).ClickAsync();
        await page.GetByText("did not sign you in").WaitForAsync();
        await BeginAsync(page);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in as ada@acme.example" }).ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "Overview" }).First.WaitForAsync();
        await page.GotoAsync("/account/identities");

        Assert.Contains(bench.Provider.Issuer, await page.Locator("main").InnerTextAsync(), StringComparison.Ordinal);
        Assert.False(await OverflowsAsync(page));
    }

    [Fact]
    public async Task An_owner_connects_a_provider_in_a_narrow_window()
    {
        await using var bench = await SingleSignOnBench.StartAsync();
        bench.Provider.RedirectUris[bench.CallbackUrl] = true;
        using var playwright = await Playwright.CreateAsync();
        await using var browser = await Chromium.LaunchAsync(playwright);
        await using var context = await browser.NewContextAsync(new()
        {
            BaseURL = bench.Host.PublicUrl, ColorScheme = ColorScheme.Dark, ViewportSize = new() { Width = 360, Height = 800 },
        });
        var page = await context.NewPageAsync();
        await page.GotoAsync("/sign-in");
        await page.GetByLabel("E-mail").FillAsync(SingleSignOnBench.Owner);
        await page.GetByLabel("Password").FillAsync(PortalBrowser.Password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "Overview" }).First.WaitForAsync();

        await page.GotoAsync(SingleSignOnBench.Settings);
        await page.GetByLabel("Issuer").FillAsync(bench.Provider.Issuer);
        await page.GetByLabel("Client id").FillAsync(StandInProvider.ClientId);
        await page.GetByLabel("Client secret").FillAsync(StandInProvider.ClientSecret);
        await page.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Test the provider" }).ClickAsync();
        await page.GetByText("no fault").WaitForAsync();
        await page.GetByLabel("Domain").FillAsync("acme.example");
        await page.GetByRole(AriaRole.Button, new() { Name = "Add", Exact = true }).ClickAsync();
        await page.GetByText("_tollgate-challenge.acme.example").WaitForAsync();

        Assert.False(await OverflowsAsync(page));
    }

    private static async Task BeginAsync(IPage page)
    {
        await page.GotoAsync("/sign-in");
        await page.GetByLabel("E-mail").FillAsync("ada@acme.example");
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "Acme sign-in" }).WaitForAsync();
    }

    private static Task<bool> OverflowsAsync(IPage page) =>
        page.EvaluateAsync<bool>("document.documentElement.scrollWidth > document.documentElement.clientWidth");
}
