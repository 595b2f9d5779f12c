using Microsoft.Playwright;
using Tollgate.EndToEnd.Tests.Running;
using Tollgate.Testing;

namespace Tollgate.EndToEnd.Tests.Portal;

/// <summary>A real Chromium, without a window.</summary>
internal sealed class Browser : IAsyncDisposable
{
    private readonly IPlaywright _playwright;
    private readonly IBrowser _browser;

    private Browser(IPlaywright playwright, IBrowser browser) => (_playwright, _browser) = (playwright, browser);

    public static async Task<Browser> StartAsync()
    {
        var playwright = await Playwright.CreateAsync();
        return new Browser(playwright, await Chromium.LaunchAsync(playwright));
    }

    /// <summary>A visitor with cookies of his own.</summary>
    public async Task<Visitor> VisitAsync(string portal, string name, Look? look = null)
    {
        var shown = look ?? Look.Desk;
        var context = await _browser.NewContextAsync(new BrowserNewContextOptions
        {
            BaseURL = portal,
            ColorScheme = shown.Dark ? ColorScheme.Dark : ColorScheme.Light,
            ViewportSize = new ViewportSize { Width = shown.Width, Height = shown.Height },
        });
        context.SetDefaultTimeout(15_000);
        return new Visitor(await context.NewPageAsync(), portal, Path.Combine(SharedFiles.Repository, "artifacts", "screenshots"), name);
    }

    /// <summary>A visitor who signs up, confirms the address by mail and signs in.</summary>
    public async Task<Visitor> ArriveAsync(Endpoints endpoints, string name, string email, string password)
    {
        var visitor = await VisitAsync(endpoints.Portal, name);
        await visitor.SignUpAsync(email, password);
        await visitor.ConfirmByMailAsync(endpoints.Mail);
        await visitor.SignInAsync(email, password);
        return visitor;
    }

    /// <summary>A visitor who joins an organization by the newest of the invitations that were mailed to an address.</summary>
    public async Task<Visitor> JoinAsync(Endpoints endpoints, string name, string email, string password, int invitations = 1)
    {
        var visitor = await VisitAsync(endpoints.Portal, name);
        await visitor.JoinByMailAsync(endpoints.Mail, email, password, invitations);
        return visitor;
    }

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _playwright.Dispose();
    }
}

/// <summary>What a visitor looks at the portal with.</summary>
internal sealed record Look(int Width, int Height, bool Dark)
{
    public static readonly Look Desk = new(1280, 900, Dark: false);
    public static readonly Look DarkDesk = new(1280, 900, Dark: true);
    public static readonly Look Phone = new(390, 844, Dark: false);
}
