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
        var review = new PortalReview(shared.Running, browser, await shared.Stage, name, new Look(width, height, dark));

        await review.ReviewNewSecretsAsync();
        await review.ReviewPagesAsync();
        await review.ReviewOthersAsync();
        await review.ReviewTwoStepAsync();
        await review.ReviewConfirmationAsync();

        Assert.True(review.Faults.Count == 0, string.Join('\n', review.Faults));
        Assert.Contains("/models/tiny-assistant", review.Reviewed);
        Assert.All(review.Reviewed.GroupBy(page => review.Titles[page]), pages => Assert.Single(pages));
    }

    [Fact]
    public async Task The_keyboard_reaches_the_content_first_and_shows_where_it_is()
    {
        await using var browser = await Browser.StartAsync();
        var (email, password) = shared.Running.FirstAdmin;
        var admin = await browser.VisitAsync(shared.Running.Endpoints.Portal, "keyboard");
        await admin.SignInAsync(email, password);

        await admin.GoAsync("/keys/new");
        var reached = await admin.TabAsync(40);
        await admin.GoAsync("/keys/new");
        var first = await admin.TabAsync(1);
        var target = await admin.PressAsync("Enter");

        Assert.StartsWith("A", first[0].Element, StringComparison.Ordinal);
        Assert.EndsWith("Skip to content", first[0].Element, StringComparison.Ordinal);
        Assert.Equal("main", target);
        Assert.DoesNotContain(reached, element => !element.IsSeen);
        Assert.Contains(reached, element => element.Element.StartsWith("INPUT name", StringComparison.Ordinal));
    }
}
