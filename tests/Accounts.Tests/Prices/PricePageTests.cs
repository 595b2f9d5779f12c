using System.Net;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Audit;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Organizations;
using Tollgate.Contracts.Catalogue;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Money;
using Tollgate.Contracts.Workers;

namespace Tollgate.Accounts.Tests.Prices;

public sealed class PricePageTests : IAsyncLifetime
{
    private AccountsHost _host = null!;
    private PortalBrowser _browser = null!;

    public async Task InitializeAsync()
    {
        _host = await AccountsHost.StartAsync();
        _browser = await _host.BrowseAsOperatorAsync();
    }

    public async Task DisposeAsync()
    {
        _browser.Dispose();
        await _host.DisposeAsync();
    }

    [Fact]
    public async Task Page_lists_prices_in_force_and_scheduled_ones_with_the_organization_that_pays_them()
    {
        var organization = Guid.NewGuid();
        _host.Responder.Prices =
        [
            Price("tiny-assistant", TimeSpan.FromDays(-1), 500_000, 1_500_000),
            Price("tiny-assistant", TimeSpan.FromDays(1), 250_000, 750_001, organization),
        ];

        var page = await _browser.OpenAsync("/admin/prices");

        Assert.Matches("(?s)in force.*\\$0\\.50.*\\$1\\.50", page.Html);
        Assert.Matches($"(?s){organization}.*scheduled.*\\$0\\.25.*\\$0\\.750001.*version={_host.Responder.Prices[1].Version}", page.Html);
        Assert.DoesNotContain($"version={_host.Responder.Prices[0].Version}", page.Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Form_shows_all_faults_at_once_those_of_Billing_too_and_keeps_what_was_written()
    {
        _host.Responder.PriceFaults = new() { ["outputPerMillion"] = ["Name a price for output."], ["inputPerMillion"] = ["hidden"] };

        var page = await _browser.SubmitAsync(
            "/admin/prices", "price", ("Input.Model", "my-model"), ("Input.InputPerMillion", "1,5"), ("Input.OutputPerMillion", ""),
            ("Input.EffectiveFrom", "tomorrow"), ("Input.OrganizationId", $"{Guid.NewGuid()}"));
        var confirm = await _browser.OpenAsync("/admin/prices/set?Model=my-model&InputPerMillion=1");

        Assert.Contains("Digits with a decimal point", page.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("hidden<", page.Html, StringComparison.Ordinal); // What cannot be read has one fault, ours.
        Assert.Contains("Name a price for output.", page.Html, StringComparison.Ordinal);
        Assert.Contains("Not a date and time.", page.Html, StringComparison.Ordinal);
        Assert.Contains("There is no such organization.", page.Html, StringComparison.Ordinal);
        Assert.Contains("value=\"my-model\"", page.Html, StringComparison.Ordinal);
        Assert.Contains("value=\"1,5\"", page.Html, StringComparison.Ordinal);
        Assert.Contains("Name a price for output.", confirm.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("set-price", confirm.Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Price_is_set_after_one_more_question_and_written_down()
    {
        _host.Responder.Prices = [Price("tiny-embed", TimeSpan.FromDays(-1), 20_000, 0)];
        _host.Responder.Fleet = new Contracts.Catalogue.Fleet(
            DateTimeOffset.UnixEpoch,
            [
                new FleetWorker(
                    "http://127.0.0.1:9", true,
                    new WorkerStatus("w", "1", "cpu", false, DateTimeOffset.UnixEpoch, [Served("tiny-embed")])),
            ]);

        var asked = await _browser.SubmitAsync(
            "/admin/prices", "price", ("Input.Model", "tiny-embed"), ("Input.InputPerMillion", "0.03"), ("Input.OutputPerMillion", ""));
        var question = await _browser.OpenAsync(asked.Location!);
        Assert.DoesNotContain(Orders("/internal/prices"), _ => true);
        var done = await _browser.SubmitAndFollowAsync(asked.Location!, "set-price");

        Assert.Contains("Set the price of tiny-embed?", question.Html, StringComparison.Ordinal);
        Assert.Contains("$0.02 → $0.03", WebUtility.HtmlDecode(question.Html), StringComparison.Ordinal);
        Assert.Contains("The price is set.", done.Html, StringComparison.Ordinal);
        Assert.Equal([new SetPrice("tiny-embed", 0.03m, null, false, Task: "embeddings")], Orders("/internal/prices"));
        Assert.Equal(["price.set $0.03 in, $0 out: tiny-embed"], await AuditAsync());
    }

    [Fact]
    public async Task Form_for_a_model_shows_the_prices_of_its_task_alone()
    {
        _host.Responder.Fleet = new Contracts.Catalogue.Fleet(
            DateTimeOffset.UnixEpoch,
            [
                new FleetWorker(
                    "http://127.0.0.1:9", true,
                    new WorkerStatus("w", "1", "cpu", false, DateTimeOffset.UnixEpoch, [Served("tiny-embed")])),
            ]);

        var all = await _browser.OpenAsync("/admin/prices");
        var one = await _browser.OpenAsync("/admin/prices?model=tiny-embed");

        Assert.Contains("Input.OutputPerMillion", all.Html, StringComparison.Ordinal);
        Assert.Contains("Input.InputPerMillion", one.Html, StringComparison.Ordinal);
        Assert.Contains("value=\"tiny-embed\"", one.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("Input.OutputPerMillion", one.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("Input.PerImage", all.Html, StringComparison.Ordinal); // No model of the fleet has pictures.
    }

    [Fact]
    public async Task Price_of_pictures_is_asked_once_more_set_and_listed()
    {
        _host.Responder.Prices =
        [
            Price("draws", TimeSpan.FromDays(-1), 0, 0) with { PicoUsd = new UnitPrices(0, 0, 0, 0, 0, 40_000_000_000, 3_000, 20_000_000) },
        ];

        var list = await _browser.OpenAsync("/admin/prices");
        const string Address = "/admin/prices/set?Model=draws&PerImage=0.05&PerMillionPixels=0.003&PerStep=0";
        var question = await _browser.OpenAsync(Address);
        await _browser.SubmitAndFollowAsync(Address, "set-price");

        Assert.Contains("$0.04 per image, $0.003 per million pixels, $0.00002 per denoiser step", list.Html, StringComparison.Ordinal);
        Assert.Contains("$0.04 → $0.05 per image", WebUtility.HtmlDecode(question.Html), StringComparison.Ordinal);
        Assert.Equal(
            [new SetPrice("draws", null, null, false) { PerImage = 0.05m, PerMillionPixels = 0.003m, PerStep = 0 }],
            Orders("/internal/prices"));
        Assert.Equal(["price.set $0.05 per image, $0.003 per million pixels, $0 per denoiser step: draws"], await AuditAsync());
    }

    [Fact]
    public async Task Price_of_one_organization_is_scheduled_and_withdrawn()
    {
        var organization = await _host.InScopeAsync<AccountsDb, Guid>(db => db.Organizations.Select(o => o.Id).SingleAsync());
        var scheduled = Price("tiny-assistant", TimeSpan.FromDays(400), 250_000, 750_000, organization);
        _host.Responder.Prices = [scheduled];

        var asked = await _browser.SubmitAsync(
            "/admin/prices", "price", ("Input.Model", "tiny-assistant"), ("Input.InputPerMillion", "0.25"),
            ("Input.OutputPerMillion", "0.75"), ("Input.EffectiveFrom", "2099-01-31T12:30"), ("Input.OrganizationId", $"{organization}"));
        var done = await _browser.SubmitAndFollowAsync(asked.Location!, "set-price");
        var cancel = $"/admin/prices/cancel?version={scheduled.Version}";
        var question = await _browser.OpenAsync(cancel);
        var withdrawn = await _browser.SubmitAndFollowAsync(cancel, "cancel-price");

        Assert.Contains("The price is scheduled.", done.Html, StringComparison.Ordinal);
        var from = new DateTimeOffset(2099, 1, 31, 12, 30, 0, TimeSpan.Zero);
        Assert.Equal([new SetPrice("tiny-assistant", 0.25m, 0.75m, false, from, organization)], Orders("/internal/prices"));
        Assert.Contains("Cancel the scheduled price of tiny-assistant?", question.Html, StringComparison.Ordinal);
        Assert.Contains("The price is withdrawn.", withdrawn.Html, StringComparison.Ordinal);
        Assert.Contains(_host.Responder.Requests, r => r.Method == "DELETE" && r.PathAndQuery == $"/internal/prices/{scheduled.Version}");
        Assert.Equal(
            [
                "price.schedule $0.25 in, $0.75 out, from 2099-01-31T12:30:00Z: tiny-assistant",
                $"price.cancel from {scheduled.EffectiveFrom.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}: tiny-assistant",
            ],
            await AuditAsync());
    }

    [Fact]
    public async Task Price_in_force_has_no_page_to_cancel_it_and_a_form_without_its_token_is_refused()
    {
        var inForce = Price("tiny-assistant", TimeSpan.FromDays(-1), 500_000, 1_500_000);
        _host.Responder.Prices = [inForce];
        const string address = "/admin/prices/set?Model=tiny-assistant&InputPerMillion=1&OutputPerMillion=2";
        var hidden = await _browser.HiddenFieldsAsync(address, "set-price");
        hidden.Remove("__RequestVerificationToken");

        var forged = await _browser.SendAsync(address, hidden);
        var page = await _browser.OpenAsync($"/admin/prices/cancel?version={inForce.Version}");

        Assert.Equal(HttpStatusCode.BadRequest, forged.Status);
        Assert.Empty(Orders("/internal/prices"));
        Assert.Contains("There is no such scheduled price", page.Html, StringComparison.Ordinal);
    }

    private static ModelPrice Price(string model, TimeSpan from, long input, long output, Guid? organization = null) => new(
        model, Guid.CreateVersion7(TimeProvider.System.GetUtcNow()), TimeProvider.System.GetUtcNow() + from, organization,
        new UnitPrices(input, input, output, output, 0, 0));

    private static ServedModel Served(string name) => new(
        new ModelCard { Name = name, Version = "1", Task = "embeddings", ContextLength = 512, DefaultMaxOutput = 0 }, true, 0, 0, 0);

    private List<SetPrice> Orders(string path) =>
        [.. _host.Responder.Requests.Where(r => r.Method == "POST" && r.PathAndQuery == path)
            .Select(r => JsonSerializer.Deserialize(r.Body, ContractsJson.Default.SetPrice)!)];

    private Task<List<string>> AuditAsync() => _host.InScopeAsync<AccountsDb, List<string>>(
        db => db.AuditEntries.Where(entry => entry.Action.StartsWith("price.")).OrderBy(entry => entry.Id)
            .Select(entry => entry.Action + " " + entry.Subject).ToListAsync());
}
