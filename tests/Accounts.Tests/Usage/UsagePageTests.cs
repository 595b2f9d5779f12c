using Tollgate.Contracts.Reports;

namespace Tollgate.Accounts.Tests.Usage;

public sealed class UsagePageTests : IAsyncLifetime
{
    private AccountsHost _host = null!;
    private PortalBrowser _browser = null!;

    public async Task InitializeAsync()
    {
        _host = await AccountsHost.StartAsync();
        _browser = await _host.SignUpAsync();
    }

    public async Task DisposeAsync()
    {
        _browser.Dispose();
        await _host.DisposeAsync();
    }

    [Fact]
    public async Task Units_beside_tokens_are_shown_where_there_are_any()
    {
        var now = TimeProvider.System.GetUtcNow();
        var hour = now.AddTicks(-(now.UtcTicks % TimeSpan.TicksPerHour));
        var chat = new UsageRow(hour, null, null, Guid.NewGuid(), "tiny-assistant", "chat.completions", 1, 10, 0, 5, 0.01m);
        _host.Responder.Usage = [chat];
        var before = await _browser.OpenAsync("/usage");
        _host.Responder.Usage =
        [
            chat, chat with { Model = "tiny-painter", Images = 2, Pixels = 32_768, Steps = 40 }, chat with { AudioMs = 61_000 },
        ];

        var page = await _browser.OpenAsync("/usage");

        Assert.DoesNotContain("Denoiser steps", before.Html, StringComparison.Ordinal);
        Assert.Matches("(?s)Seconds of audio.*61.*Images.*>2<.*Pixels.*32,768.*Denoiser steps.*>40<", page.Html);
        Assert.Matches("(?s)<th scope=\"col\" class=\"num\">Pixels</th>.*tiny-painter", page.Html);
    }
}
