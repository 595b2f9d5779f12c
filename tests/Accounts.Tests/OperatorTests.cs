using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using StackExchange.Redis;
using Tollgate.Contracts.Catalogue;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Keys;
using Tollgate.Contracts.Money;
using Tollgate.Contracts.Reports;
using Tollgate.Contracts.Workers;

namespace Tollgate.Accounts.Tests;

public sealed class OperatorTests : IAsyncLifetime
{
    private AccountsHost _host = null!;

    public async Task InitializeAsync() => _host = await AccountsHost.StartAsync();

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task Bootstrap_makes_one_operator_however_often_it_is_called()
    {
        using var client = _host.ClientAs("operator");

        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => BootstrapAsync(client)));

        var made = answers.Single(a => a.Created);
        Assert.True(ApiKeyText.TryParse(made.KeyText, out _, out _));
        Assert.All(answers.Where(a => !a.Created), a => Assert.Null(a.KeyText));
        Assert.Equal(1, await _host.InScopeAsync<AccountsDb, int>(db => db.Users.CountAsync(u => u.IsOperator)));
        Assert.Equal(1, await _host.InScopeAsync<AccountsDb, int>(db => db.ApiKeys.CountAsync()));
    }

    [Fact]
    public async Task CreateKey_puts_it_into_the_operators_project_with_its_limits()
    {
        using var client = _host.ClientAs("operator");
        using var early = await client.PostAsJsonAsync("/internal/keys", new CreateOperatorKey("early", null, null, null));
        await BootstrapAsync(client);

        using var response = await client.PostAsJsonAsync("/internal/keys", new CreateOperatorKey("ci", 10, 1000, 0.25m));
        using var wrong = await client.PostAsJsonAsync("/internal/keys", new CreateOperatorKey("", 0, null, -1));

        var created = (await response.Content.ReadFromJsonAsync(ContractsJson.Default.CreatedKey))!;
        var key = await _host.InScopeAsync<AccountsDb, Keys.ApiKey>(db => db.ApiKeys.SingleAsync(k => k.Id == created.KeyId));
        Assert.Equal(new Limits { RequestsPerMinute = 10, TokensPerMinute = 1000, BudgetPerMonthNanoUsd = 250_000_000 }, key.Limits);
        Assert.Equal(HttpStatusCode.NotFound, early.StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, wrong.StatusCode);
    }

    [Fact]
    public async Task Catalogue_starts_with_the_default_aliases_and_follows_a_change()
    {
        using var operatorClient = _host.ClientAs("operator");
        await BootstrapAsync(operatorClient);
        using var gateway = _host.ClientAs("gateway");
        using var first = await gateway.GetAsync("/internal/catalogue");
        var before = (await first.Content.ReadFromJsonAsync(ContractsJson.Default.CatalogueSnapshot))!;
        using var poll = new HttpRequestMessage(HttpMethod.Get, "/internal/catalogue");
        poll.Headers.IfNoneMatch.Add(first.Headers.ETag!);

        var waiting = gateway.SendAsync(poll);
        using var browser = _host.Browse();
        await browser.SignInAsync("root@example.com");
        await browser.SubmitAsync("/admin/aliases", "alias", ("Input.Alias", "gpt-4"), ("Input.Model", "tiny-assistant"));
        using var changed = await waiting;

        Assert.Equal("tiny-assistant", before.Aliases["text-davinci-002"]);
        Assert.Equal("tiny-assistant", before.Aliases["gpt-3.5-turbo"]);
        Assert.Equal("tiny-embed", before.Aliases["text-embedding-ada-002"]);
        var after = (await changed.Content.ReadFromJsonAsync(ContractsJson.Default.CatalogueSnapshot))!;
        Assert.Equal("tiny-assistant", after.Aliases["gpt-4"]);
    }

    [Fact]
    public async Task Suspend_reaches_Redis_before_the_page_says_so()
    {
        using var operatorClient = _host.ClientAs("operator");
        await BootstrapAsync(operatorClient);
        using var ada = await _host.SignUpAsync();
        using var browser = _host.Browse();
        await browser.SignInAsync("root@example.com");
        var organizationId = await _host.InScopeAsync<AccountsDb, Guid>(
            db => db.Organizations.Where(o => o.Name.StartsWith("ada")).Select(o => o.Id).SingleAsync());

        var page = await browser.SubmitAsync($"/admin/organizations/{organizationId}", "suspend", ("Reason", "unpaid <b>bill</b>"));

        Assert.Contains("in force from the next request on", page.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("<b>bill</b>", page.Html, StringComparison.Ordinal);
        await using var redis = await ConnectionMultiplexer.ConnectAsync(_host.Redis);
        string? json = await redis.GetDatabase().StringGetAsync(RedisNames.Policy(organizationId));
        var policy = JsonSerializer.Deserialize(json!, ContractsJson.Default.OrganizationPolicy)!;
        Assert.True(policy.Suspended);
        Assert.Equal(
            policy.Version.ToString("N"),
            (string?)await redis.GetDatabase().HashGetAsync(RedisNames.Organization(organizationId), RedisNames.PolicyVersionField));
        Assert.Contains("This organization is suspended", (await ada.OpenAsync("/keys")).Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Admin_page_is_not_found_for_a_customer()
    {
        using var ada = await _host.SignUpAsync();

        foreach (var path in (string[])["/admin", "/admin/live", "/admin/organizations", "/admin/aliases"])
        {
            Assert.Equal(HttpStatusCode.NotFound, (await ada.OpenAsync(path)).Status);
        }
    }

    [Fact]
    public async Task Admin_live_shows_load_and_todays_figures()
    {
        using var operatorClient = _host.ClientAs("operator");
        await BootstrapAsync(operatorClient);
        using var browser = _host.Browse();
        await browser.SignInAsync("root@example.com");
        var now = TimeProvider.System.GetUtcNow();
        var card = new ModelCard
        {
            Name = "tiny-assistant", Version = "1", Task = "chat", ContextLength = 1024, DefaultMaxOutput = 256, TemplateTokens = 8,
            TemplateTokensPerMessage = 4,
        };
        _host.Responder.Fleet = new Contracts.Catalogue.Fleet(now, [
            new FleetWorker(
                "http://127.0.0.1:9", true,
                new WorkerStatus("worker-one", "1", "cpu", false, now,
                    [new ServedModel(card, true, 3, 2, 8), new ServedModel(card with { Name = "tiny-embed" }, true, 1, 0, 0)])),
        ]);
        _host.Responder.Usage =
            [new UsageRow(now.AddTicks(-(now.UtcTicks % TimeSpan.TicksPerHour)), null, null, null, "tiny-assistant", null, 12, 3400, 0,
                1200, 0.0035m)];

        var page = await browser.OpenAsync("/admin/live");
        var found = await browser.OpenAsync("/admin/organizations?q=ROOT%25");

        Assert.Contains("worker-one", page.Html, StringComparison.Ordinal);
        Assert.Contains("3 of 8", page.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("1 of 0", page.Html, StringComparison.Ordinal); // An encoder has no slots.
        Assert.Contains("4,600", page.Html, StringComparison.Ordinal); // 3400 + 1200 tokens
        Assert.Contains("$0.0035", page.Html, StringComparison.Ordinal);
        Assert.Contains("None found", found.Html, StringComparison.Ordinal); // '%' is a letter, not a wildcard.
    }

    [Fact]
    public async Task Admin_page_says_who_waits_for_welcome_credit()
    {
        using var operatorClient = _host.ClientAs("operator");
        await BootstrapAsync(operatorClient);
        using var browser = _host.Browse();
        await browser.SignInAsync("root@example.com");
        var before = await browser.OpenAsync("/admin");
        _host.Responder.WelcomeCredits = new WelcomeCreditReport(
            31, [new WithheldWelcomeCredits("domain", "farm.example", 40), new WithheldWelcomeCredits("network", "203.0.113.0/24", 2)]);

        var page = await browser.OpenAsync("/admin");

        Assert.DoesNotContain("welcome credit", before.Html, StringComparison.Ordinal);
        Assert.Contains("42 new organizations wait for their welcome credit", page.Html, StringComparison.Ordinal);
        Assert.Contains("40 by mail domain farm.example", page.Html, StringComparison.Ordinal);
    }

    private static async Task<Bootstrapped> BootstrapAsync(HttpClient client)
    {
        using var response = await client.PostAsJsonAsync("/internal/bootstrap", new Bootstrap("root@example.com", PortalBrowser.Password));
        response.EnsureSuccessStatusCode();
        return (await response.Content.ReadFromJsonAsync(ContractsJson.Default.Bootstrapped))!;
    }
}
