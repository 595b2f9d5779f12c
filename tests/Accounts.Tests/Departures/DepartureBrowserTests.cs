using Microsoft.Playwright;
using Tollgate.EndToEnd.Tests.Portal;

namespace Tollgate.Accounts.Tests.Departures;

/// <summary>Somebody leaves and stays after all, in a real Chromium that is in Tokyo.</summary>
public sealed class DepartureBrowserTests
{
    /// <summary>What comes next waits for what it needs of the page. Its load event may be over before anybody waits for it.</summary>
    private static readonly PageWaitForURLOptions Arrived = new() { WaitUntil = WaitUntilState.Commit };

    [Fact]
    public async Task A_browser_in_Tokyo_sees_its_own_times_exports_asks_to_leave_and_stays()
    {
        await using var host = await AccountsHost.StartAsync();
        using (await host.SignUpAsync())
        {
        }

        using var playwright = await Playwright.CreateAsync();
        await using var browser = await Chromium.LaunchAsync(playwright);
        var page = await browser.NewPageAsync(new BrowserNewPageOptions
        {
            BaseURL = host.PublicUrl, TimezoneId = "Asia/Tokyo", ViewportSize = new ViewportSize { Width = 360, Height = 800 },
        });
        page.SetDefaultTimeout(60_000);
        List<string> complaints = [];
        page.Console += (_, message) =>
        {
            if (message.Type == "error")
            {
                complaints.Add(message.Text);
            }
        };
        page.PageError += (_, error) => complaints.Add(error);

        await page.RunAndWaitForResponseAsync(
            async () =>
            {
                await page.GotoAsync("/sign-in");
                await page.FillAsync("#email", "ada@example.com");
                await page.FillAsync("#password", PortalBrowser.Password);
                await page.ClickAsync("button:text-is('Sign in')");
            },
            answer => answer.Url.EndsWith("/account/time-zone/detected", StringComparison.Ordinal) && answer.Status == 204);
        await page.GotoAsync("/account/time-zone");
        await page.GetByText("UTC+9.", new() { Exact = false }).First.WaitForAsync();
        var zone = await page.GetByLabel("Time zone").InputValueAsync();
        await page.SelectOptionAsync("#zone", "Europe/Berlin");
        await page.ClickAsync("main button[type=submit]");
        await page.GetByText("Pages show times in Europe/Berlin").WaitForAsync();

        await page.GotoAsync("/account/export");
        var download = await page.RunAndWaitForDownloadAsync(() => page.ClickAsync("text=Download"));

        await page.GotoAsync("/account/delete");
        var overflows = await OverflowsAsync(page);
        await page.GetByLabel("Type your address").FillAsync("wrong");
        await page.ClickAsync("text=Delete my account");
        await page.Locator(".validation-message").WaitForAsync();
        await page.GetByLabel("Type your address").FillAsync("ada@example.com");
        await page.ClickAsync("text=Delete my account");
        await page.WaitForURLAsync("**/account/leaving", Arrived);
        await page.GotoAsync("/keys");
        await page.WaitForURLAsync("**/account/leaving", Arrived);
        overflows |= await OverflowsAsync(page);
        await page.ClickAsync("text=Keep my account");
        await page.GetByText("Nothing was deleted").WaitForAsync();
        await page.GotoAsync("/overview");

        Assert.Equal("Asia/Tokyo", zone);
        Assert.EndsWith(".zip", download.SuggestedFilename, StringComparison.Ordinal);
        Assert.False(overflows);
        Assert.EndsWith("/overview", page.Url, StringComparison.Ordinal);
        Assert.True(complaints.Count == 0, string.Join("\n", complaints));
    }

    private static Task<bool> OverflowsAsync(IPage page) =>
        page.EvaluateAsync<bool>("document.documentElement.scrollWidth > document.documentElement.clientWidth");
}
