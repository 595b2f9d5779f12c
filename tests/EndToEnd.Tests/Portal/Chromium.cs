using Microsoft.Playwright;

namespace Tollgate.EndToEnd.Tests.Portal;

/// <summary>How tests start a real Chromium, without a window.</summary>
internal static class Chromium
{
    private static readonly string[] Arguments =
    [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ];

    public static Task<IBrowser> LaunchAsync(IPlaywright playwright) => playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
    {
        ExecutablePath = Environment.GetEnvironmentVariable("TOLLGATE_TEST_CHROMIUM") ?? "/usr/bin/chromium",
        Args = Arguments,
    });
}
