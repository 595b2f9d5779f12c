using System.Net.Http.Json;
using Microsoft.Playwright;
using Tollgate.Accounts.Tests.Canaries;
using Tollgate.Contracts.Catalogue;
using Tollgate.Contracts.Json;
using Tollgate.EndToEnd.Tests.Portal;

namespace Tollgate.Accounts.Tests.ModelVersions;

/// <summary>The way of an operator in a real Chromium: divide requests, start a canary, watch it fail by itself.</summary>
public sealed class VersionBrowserTests
{
    /// <summary>Fields without a label, buttons and links without a name, ids that come twice, tables without a caption.</summary>
    private const string FindBarriers = """
        () => {
          const ids = [...document.querySelectorAll("[id]")].map(e => e.id);
          return [
            ...[...document.querySelectorAll("main :is(input:not([type=hidden]), select, textarea)")]
              .filter(e => e.labels.length === 0).map(e => `no label: ${e.outerHTML}`),
            ...[...document.querySelectorAll("main :is(a, button, summary)")]
              .filter(e => !(e.textContent.trim() || e.getAttribute("aria-label"))).map(e => `no name: ${e.outerHTML}`),
            ...ids.filter((id, at) => ids.indexOf(id) !== at).map(id => `twice: ${id}`),
            ...[...document.querySelectorAll("main table")].filter(e => !e.caption).map(() => "a table without a caption"),
            ...(document.querySelectorAll("main h1").length === 1 ? [] : ["not one h1"]),
          ];
        }
        """;

    [Fact]
    public async Task A_canary_that_fails_rolls_back_before_the_operators_eyes_and_the_browser_has_nothing_to_complain_about()
    {
        await using var host = await AccountsHost.StartAsync();
        await host.BootstrapAsync();
        var status = Served.Status("worker-1", Served.Version("m", "1"), Served.Version("m", "2"));
        host.Responder.Fleet = new(DateTimeOffset.UnixEpoch, [new FleetWorker("http://worker-1:1", true, status)]);
        using var playwright = await Playwright.CreateAsync();
        await using var browser = await Chromium.LaunchAsync(playwright);
        var page = await browser.NewPageAsync(new BrowserNewPageOptions { BaseURL = host.PublicUrl });
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
        await page.GotoAsync("/sign-in");
        await page.FillAsync("#email", "root@example.com");
        await page.FillAsync("#password", PortalBrowser.Password);
        await page.ClickAsync("button:text-is('Sign in')");
        await page.WaitForURLAsync("**/overview", new PageWaitForURLOptions { WaitUntil = WaitUntilState.Commit });

        await page.ClickAsync("nav >> text=Model versions");
        await page.ClickAsync("main a:has(code:text-is('m'))");
        await page.FillAsync("#weight-1", "1");
        await page.ClickAsync("button:text-is('Set weights')");
        await page.WaitForSelectorAsync("#live-versions tr:has-text('100 %'):has(code:text-is('1'))");
        var barriers = await page.EvaluateAsync<string[]>(FindBarriers);
        await page.SelectOptionAsync("#canary-version", "2");
        await page.ClickAsync("button:text-is('Start canary')");
        await page.WaitForSelectorAsync("button:has-text('Promote version 2 now')");
        string[] later = [.. barriers, .. await page.EvaluateAsync<string[]>(FindBarriers)];
        using var gateway = host.ClientAs("gateway");
        using var sent = await gateway.PostAsJsonAsync(
            VersionReport.Path,
            new VersionReport(Guid.NewGuid(), 1, 1,
            [
                new VersionMeasure("m", "1", false, 200, 0, [200, .. new long[DurationBuckets.Count - 1]]),
                new VersionMeasure("m", "2", false, 20, 20, new long[DurationBuckets.Count]),
            ]),
            ContractsJson.Default.VersionReport);
        await page.WaitForSelectorAsync("#live-canary:has-text('None runs.')"); // Drawn without loading the page.
        await page.ReloadAsync();
        var history = await page.TextContentAsync("details");

        Assert.Empty(later);
        Assert.Contains("Errors: 20 of 20 requests (100 %) with version 2, 0 of 200", history, StringComparison.Ordinal);
        Assert.True(complaints.Count == 0, string.Join("\n", complaints));
    }
}
