using Tollgate.EndToEnd.Tests.Portal;
using Tollgate.EndToEnd.Tests.Running;

namespace Tollgate.EndToEnd.Tests.Scenarios;

/// <summary>What a browser does with the portal's forms that a client without scripts does not see.</summary>
[Collection(SharedTollgate.Name)]
public sealed class PortalFormTests(SharedTollgate shared)
{
    [Fact]
    public async Task Faults_are_named_at_once_and_the_first_has_the_focus()
    {
        await using var browser = await Browser.StartAsync();
        var admin = await SignInAsync(browser, "faults");

        var (focused, faults) = await admin.SendFaultyKeyAsync();

        Assert.Equal("name", focused);
        Assert.Equal(4, faults.Count);
        Assert.Contains("Give the key a name.", faults);
        Assert.Contains("Digits alone, 1 to 1,000,000,000; or empty.", faults); // Tokens per minute
        Assert.Contains("Digits alone, 1 to 1,000,000; or empty.", faults); // Requests at once
        Assert.Contains(faults, fault => fault.Contains("not a network", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_key_stays_disabled_when_its_page_is_loaded_again_and_is_copied_without_a_clipboard()
    {
        await using var browser = await Browser.StartAsync();
        var admin = await SignInAsync(browser, "forms");

        var (shown, pasted) = await admin.CopyKeyWithoutClipboardAsync("to be disabled");

        Assert.Equal(shown, pasted);
        Assert.Equal("disabled", await admin.DisableFirstKeyAndLoadAgainAsync()); // The newest is the first.
        Assert.Equal("", string.Join('\n', admin.ConsoleErrors));
    }

    [Fact]
    public async Task A_price_is_scheduled_after_its_faults_were_named_and_cancelled()
    {
        await using var browser = await Browser.StartAsync();
        var admin = await SignInAsync(browser, "prices");

        var faults = await admin.SendPriceAsync("by-page", "0.1234567", "", "2024-01-31T00:00");
        var accepted = await admin.SendPriceAsync("by-page", "0.125", "0.5", "2099-01-31T00:00");
        var row = await admin.ConfirmPriceAsync("by-page");
        var rows = await admin.CancelPriceAsync("by-page");

        Assert.Equal(3, faults.Count);
        Assert.Contains(faults, fault => fault.Contains("at most six decimals", StringComparison.Ordinal));
        Assert.Contains(faults, fault => fault.Contains("Name a price for output", StringComparison.Ordinal));
        Assert.Contains(faults, fault => fault.Contains("Must lie in the future", StringComparison.Ordinal));
        Assert.Empty(accepted);
        Assert.Contains("scheduled", row, StringComparison.Ordinal);
        Assert.Contains("$0.125", row, StringComparison.Ordinal);
        Assert.Equal(0, rows);
        Assert.Equal("", string.Join('\n', admin.ConsoleErrors));
    }

    private async Task<Visitor> SignInAsync(Browser browser, string name)
    {
        var (email, password) = shared.Running.FirstAdmin;
        var admin = await browser.VisitAsync(shared.Running.Endpoints.Portal, name);
        await admin.SignInAsync(email, password);
        return admin;
    }
}
