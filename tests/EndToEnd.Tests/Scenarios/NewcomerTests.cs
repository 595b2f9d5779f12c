using System.Net;
using Tollgate.EndToEnd.Tests.Clients;
using Tollgate.EndToEnd.Tests.Portal;
using Tollgate.EndToEnd.Tests.Running;
using Tollgate.Testing;

namespace Tollgate.EndToEnd.Tests.Scenarios;

/// <summary>The portal in a real browser. Screenshots of every step lie in <c>artifacts/screenshots</c>.</summary>
[Collection(SharedTollgate.Name)]
public sealed class NewcomerTests(SharedTollgate shared)
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(5);

    [Fact]
    public async Task A_newcomer_signs_up_calls_sees_the_usage_and_tops_up()
    {
        const string email = "ada@newcomer.example", password = "a walk in four gardens";
        await using var browser = await Browser.StartAsync();
        var ada = await browser.VisitAsync(shared.Running.Endpoints.Portal, "newcomer");
        await ada.SignUpAsync(email, password);
        await ada.ConfirmByMailAsync(shared.Running.Endpoints.Mail);
        await ada.SignInAsync(email, password);
        var key = await ada.CreateKeyAsync("my first program");

        using var client = shared.Running.Client(key);
        var answer = await Until.ValueAsync(
            async () => await client.PostAsync(Prompts.Chat, Prompts.France()) is { Status: HttpStatusCode.OK } ok ? ok : null,
            "the new key works", Soon);
        var row = await shared.Running.Books.OneAsync(answer.RequestId);
        await Until.TrueAsync(
            async () =>
            {
                await ada.GoAsync("/usage");
                return await ada.FigureAsync("Requests") == "1";
            },
            "the usage page shows the call", Soon);

        Assert.Equal($"{answer.Usage.Prompt}", await ada.FigureAsync("Input tokens"));
        Assert.Equal($"{answer.Usage.Completion}", await ada.FigureAsync("Output tokens"));
        Assert.True(await ada.IsDrawnAsync("usage-tokens"));
        await ada.ShootAsync("usage");

        var before = await ada.BalanceAsync();
        var walletBefore = await shared.Running.Books.BalanceAsync(row.OrganizationId);
        await ada.TopUpAsync(25);
        await Until.TrueAsync(
            async () => await shared.Running.Books.BalanceAsync(row.OrganizationId) == walletBefore + 25, "the payment is booked", Soon);
        var after = await ada.BalanceAsync();
        await ada.ShootAsync("balance-after");

        Assert.Equal(25, after - before);
        Assert.Equal(5 - row.Amount, walletBefore); // Welcome credit less the one call.
        Assert.Equal("", string.Join('\n', ada.ConsoleErrors));
        await shared.Running.Books.AssertAgreeAsync();
    }

    [Theory]
    [InlineData("desk", 1280, 900, false)]
    [InlineData("dark", 1280, 900, true)]
    [InlineData("phone", 390, 844, false)]
    [InlineData("small", 360, 740, true)]
    public async Task Every_page_fits_its_window_and_loads_without_an_error(string name, int width, int height, bool dark)
    {
        await using var browser = await Browser.StartAsync();
        var (email, password) = shared.Running.FirstAdmin;
        var admin = await browser.VisitAsync(shared.Running.Endpoints.Portal, $"admin-{name}", new Look(width, height, dark));
        await admin.SignInAsync(email, password);
        // As long as a name may be, and no place to break it.
        await admin.CreateKeyAsync($"{name}-{new string('w', 100 - 1 - name.Length)}");
        var overflowing = new List<string>();

        await admin.RotateFirstKeyAsync();
        if (await admin.OverflowsAsync())
        {
            overflowing.Add("a key");
        }

        Assert.Equal("", string.Join('\n', admin.ConsoleErrors));
        using var client = shared.Running.Client();
        var (keyId, organizationId, projectId) = await admin.FindIdsAsync();
        var values = await PortalPages.MakeAsync(client, keyId, organizationId, projectId);
        var stranger = await browser.VisitAsync(shared.Running.Endpoints.Portal, $"stranger-{name}", new Look(width, height, dark));
        var pages = PortalPages.PathsOf(signedIn: true, values).Append("/no-such-page").Select(page => (admin, page))
            .Concat(PortalPages.PathsOf(signedIn: false, values).Append("/no-such-page").Select(page => (stranger, page))).ToList();
        var failed = new List<string>();
        foreach (var (visitor, page) in pages)
        {
            var complaints = visitor.ConsoleErrors.Count;
            var status = await visitor.OpenAsync(page);
            if (status >= 500 || (status == 200 && visitor.ConsoleErrors.Count > complaints))
            {
                failed.Add($"{page}: {status} {string.Join(' ', visitor.ConsoleErrors.Skip(complaints))}");
            }

            await visitor.ShootAsync(page.Split('?')[0].Trim('/').Replace('/', '-'));
            if (await visitor.OverflowsAsync())
            {
                overflowing.Add(page);
            }
        }

        Assert.Empty(overflowing);
        Assert.Empty(failed);
        Assert.Contains((admin, "/models/tiny-assistant"), pages);
    }
}
