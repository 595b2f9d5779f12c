using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Audit;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Keys;
using Tollgate.Accounts.Organizations;
using Tollgate.Contracts.Catalogue;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Keys;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Money;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Reports;
using Tollgate.Contracts.Usage;
using Tollgate.Contracts.Workers;

namespace Tollgate.Accounts.Tests.Admin;

public sealed class OperatorTests : IAsyncLifetime
{
    private AccountsHost _host = null!;

    public async Task InitializeAsync() => _host = await AccountsHost.StartAsync();

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task Bootstrap_makes_one_operator_however_often_it_is_called()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => _host.BootstrapAsync()));

        var made = answers.Single(a => a.Created);
        Assert.True(ApiKeyText.TryParse(made.KeyText, out _, out _));
        Assert.All(answers.Where(a => !a.Created), a => Assert.Null(a.KeyText));
        Assert.Equal(1, await _host.InScopeAsync<AccountsDb, int>(db => db.Users.CountAsync(u => u.IsOperator)));
        Assert.Equal(1, await _host.InScopeAsync<AccountsDb, int>(db => db.ApiKeys.CountAsync()));
    }

    [Fact]
    public async Task CreateKey_puts_it_into_the_operators_project_with_its_limits()
    {
        using var early = await _host.Operators.PostAsJsonAsync("/internal/keys", new CreateOperatorKey("early", null, null, null));
        await _host.BootstrapAsync();

        using var response = await _host.Operators.PostAsJsonAsync("/internal/keys", new CreateOperatorKey("ci", 10, 1000, 0.25m));
        using var wrong = await _host.Operators.PostAsJsonAsync("/internal/keys", new CreateOperatorKey("", 0, null, -1));

        var created = (await response.Content.ReadFromJsonAsync(ContractsJson.Default.CreatedKey))!;
        var key = await _host.InScopeAsync<AccountsDb, ApiKey>(db => db.ApiKeys.SingleAsync(k => k.Id == created.KeyId));
        Assert.Equal(new Limits { RequestsPerMinute = 10, TokensPerMinute = 1000, BudgetPerMonthNanoUsd = 250_000_000 }, key.Limits);
        Assert.Equal(HttpStatusCode.NotFound, early.StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, wrong.StatusCode);
    }

    [Fact]
    public async Task Catalogue_starts_with_the_default_aliases_and_follows_a_change()
    {
        await _host.BootstrapAsync();
        using var gateway = _host.ClientAs("gateway");
        using var first = await gateway.GetAsync("/internal/catalogue");
        var before = (await first.Content.ReadFromJsonAsync(ContractsJson.Default.CatalogueSnapshot))!;
        using var poll = new HttpRequestMessage(HttpMethod.Get, "/internal/catalogue");
        poll.Headers.IfNoneMatch.Add(first.Headers.ETag!);

        var waiting = gateway.SendAsync(poll);
        using var browser = _host.Browse();
        await browser.SignInAsync("root@example.com");
        _host.Responder.Fleet = FleetServing(new ServedModel(Card("tiny-assistant"), true, 0, 0, 8));
        var unknown = await browser.SubmitAsync("/admin/aliases", "alias", ("Input.Alias", "gpt-4"), ("Input.Model", "gpt-4-turbo"));
        var shadow = await browser.SubmitAsync(
            "/admin/aliases", "alias", ("Input.Alias", "tiny-assistant"), ("Input.Model", "tiny-assistant"));
        await browser.SubmitAndFollowAsync("/admin/aliases", "alias", ("Input.Alias", "gpt-4"), ("Input.Model", "tiny-assistant"));
        using var changed = await waiting;
        var asked = await browser.OpenAsync("/admin/aliases/remove?alias=gpt-4");
        var removed = await browser.SubmitAndFollowAsync("/admin/aliases/remove?alias=gpt-4", "remove");

        Assert.Equal("tiny-assistant", before.Aliases["text-davinci-002"]);
        Assert.Equal("tiny-assistant", before.Aliases["gpt-3.5-turbo"]);
        Assert.Equal("tiny-embed", before.Aliases["text-embedding-ada-002"]);
        Assert.Equal("tiny-sentiment", before.Aliases["predict"]);
        var after = (await changed.Content.ReadFromJsonAsync(ContractsJson.Default.CatalogueSnapshot))!;
        Assert.Equal("tiny-assistant", after.Aliases["gpt-4"]);
        Assert.Contains("No worker serves a model of this name.", unknown.Html, StringComparison.Ordinal);
        Assert.Contains("A model has this name", shadow.Html, StringComparison.Ordinal);
        Assert.Contains("Remove gpt-4?", asked.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("gpt-4<", removed.Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Suspend_reaches_Redis_before_the_page_says_so()
    {
        using var browser = await _host.BrowseAsOperatorAsync();
        using var ada = await _host.SignUpAsync();
        var organizationId = await _host.InScopeAsync<AccountsDb, Guid>(
            db => db.Organizations.Where(o => o.Name.StartsWith("ada")).Select(o => o.Id).SingleAsync());

        var path = $"/admin/organizations/{organizationId}/suspend";
        var suspend = await browser.HiddenFieldsAsync(path, "suspend");
        var first = await browser.SendAsync(path, suspend, ("Reason", "unpaid <b>bill</b>"));
        var again = await browser.SendAsync(path, suspend, ("Reason", "unpaid <b>bill</b>")); // It asks for a state and does not turn it.
        var page = await browser.OpenAsync(first.Location!);

        Assert.Equal(first.Location, again.Location);

        Assert.Contains("in force from the next request on", page.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("<b>bill</b>", page.Html, StringComparison.Ordinal);
        var redis = await _host.OpenRedisAsync();
        string? json = await redis.StringGetAsync(RedisNames.Policy(organizationId));
        var policy = JsonSerializer.Deserialize(json!, ContractsJson.Default.OrganizationPolicy)!;
        Assert.True(policy.Suspended);
        Assert.Equal(
            policy.Version.ToString("N"),
            (string?)await redis.HashGetAsync(RedisNames.Organization(organizationId), RedisNames.PolicyVersionField));
        Assert.Contains("This organization is suspended", (await ada.OpenAsync("/keys")).Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_new_organization_has_limits_and_an_operator_changes_them()
    {
        using var browser = await _host.BrowseAsOperatorAsync();
        using var ada = await _host.SignUpAsync();
        var founded = await _host.InScopeAsync<AccountsDb, List<OrganizationRules>>(
            db => db.OrganizationRules.OrderBy(rules => rules.OrganizationId).ToListAsync());
        var organizationId = founded[^1].OrganizationId;

        var page = await browser.SubmitAndFollowAsync(
            $"/admin/organizations/{organizationId}", "limits",
            ("Input.Limits[rpm]", "50"), ("Input.Limits[tpm]", ""), ("Input.Limits[concurrency]", "3"));

        Assert.Equal(2, founded.Count);
        Assert.All(founded, rules => Assert.Equal(
            new Limits { RequestsPerMinute = 10_000, TokensPerMinute = 10_000_000, Concurrency = 200 }, rules.Limits));
        Assert.Contains("in force from the next request on", page.Html, StringComparison.Ordinal);
        var redis = await _host.OpenRedisAsync();
        string? json = await redis.StringGetAsync(RedisNames.Policy(organizationId));
        var policy = JsonSerializer.Deserialize(json!, ContractsJson.Default.OrganizationPolicy)!;
        Assert.Equal(new Limits { RequestsPerMinute = 50, Concurrency = 3 }, policy.Limits);
        Assert.Equal(
            policy.Version.ToString("N"),
            (string?)await redis.HashGetAsync(RedisNames.Organization(organizationId), RedisNames.PolicyVersionField));
    }

    [Fact]
    public async Task Admin_page_is_not_found_for_a_customer()
    {
        using var ada = await _host.SignUpAsync();

        foreach (var path in (string[])["/admin", "/admin/live", "/admin/organizations", "/admin/aliases", "/admin/books",
            "/admin/jobs", "/admin/jobs/recurring", "/admin/models", "/admin/models/m",
            "/admin/prices", "/admin/prices/set", "/admin/prices/cancel"])
        {
            Assert.Equal(HttpStatusCode.NotFound, (await ada.OpenAsync(path)).Status);
        }
    }

    [Fact]
    public async Task Every_page_of_an_operator_says_that_the_books_are_in_doubt_until_they_are_not()
    {
        using var browser = await _host.BrowseAsOperatorAsync();
        var organization = await _host.InScopeAsync<AccountsDb, Guid>(db => db.Organizations.Select(o => o.Id).FirstAsync());
        string[] pages =
        [
            "/admin", "/admin/organizations", $"/admin/organizations/{organization}", "/admin/models", "/admin/aliases", "/admin/prices",
            "/admin/books",
            "/overview", "/billing",
        ];
        var calm = new List<string>();
        foreach (var page in pages)
        {
            calm.Add((await browser.OpenAsync(page)).Html);
        }

        _host.Responder.Books = new BooksState(
            [new BookCheck("R5", TimeProvider.System.GetUtcNow(), 12, 1, "first")],
            [
                new BookDifference(
                    "R2", "no_row", organization, Guid.NewGuid(), "gateway", "tiny-assistant, attempt 1", TimeProvider.System.GetUtcNow()),
            ],
            3, 2, 0);
        var alarmed = new List<string>();
        foreach (var page in pages)
        {
            alarmed.Add((await browser.OpenAsync(page)).Html);
        }

        Assert.All(calm, html => Assert.DoesNotContain("books-banner", html, StringComparison.Ordinal));
        Assert.All(alarmed, html => Assert.Contains(
            "3 open differences; R5 found differences; 2 usage rows could not be booked.", html, StringComparison.Ordinal));
        Assert.Contains("tiny-assistant, attempt 1", alarmed[Array.IndexOf(pages, "/admin/books")], StringComparison.Ordinal);
        using var customer = await _host.SignUpAsync();
        Assert.DoesNotContain("books-banner", (await customer.OpenAsync("/overview")).Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Books_page_books_or_dismisses_rejected_usage_with_a_reason_and_writes_down_who()
    {
        using var browser = await _host.BrowseAsOperatorAsync();
        var usage = new UsageEvent
        {
            RequestId = Guid.NewGuid(), OrganizationId = Guid.NewGuid(), ProjectId = Guid.NewGuid(), KeyId = Guid.NewGuid(),
            Model = "tiny-assistant", Endpoint = "chat.completions", Streamed = false, Attempt = 1, PriceVersion = Guid.NewGuid(),
            Epoch = 1, Units = new Units(100, Output: 10), Delivered = 10, Outcome = Outcome.Completed,
            AdmittedAt = DateTimeOffset.UnixEpoch, FinishedAt = DateTimeOffset.UnixEpoch,
        };
        _host.Responder.Rejected = [new RejectedUsage("The price version is unknown.", DateTimeOffset.UnixEpoch, usage, 0.00024m)];
        var form = $"rejected {usage.OrganizationId:N} {usage.RequestId:N} 0";

        var page = await browser.OpenAsync("/admin/books");
        var without = await browser.SubmitAsync("/admin/books", form, ("Input.Reason", " "), ("Input.Resolution", "Book"));
        var booked = await browser.SubmitAsync("/admin/books", form, ("Input.Reason", "after the restore"), ("Input.Resolution", "Book"));
        var done = await browser.OpenAsync(booked.Location!);
        await browser.SubmitAsync("/admin/books", form, ("Input.Reason", "a test"), ("Input.Resolution", "Dismiss"));

        Assert.Contains("The price version is unknown.", page.Html, StringComparison.Ordinal);
        Assert.Contains("$0.00024", page.Html, StringComparison.Ordinal);
        Assert.Contains("Give a reason", without.Html, StringComparison.Ordinal);
        Assert.Contains("The usage is booked.", done.Html, StringComparison.Ordinal);
        var orders = _host.Responder.Requests
            .Where(r => r.Method == "POST" && r.PathAndQuery == $"/internal/rejected-usage/{usage.OrganizationId}/{usage.RequestId}/0")
            .Select(r => JsonSerializer.Deserialize(r.Body, ContractsJson.Default.ResolveRejectedUsage)!).ToList();
        Assert.Equal(
            [
                new(RejectedResolution.Book, "root@example.com", "after the restore"),
                new(RejectedResolution.Dismiss, "root@example.com", "a test"),
            ],
            orders);
        var audited = await _host.InScopeAsync<AccountsDb, List<string>>(
            db => db.AuditEntries.Where(entry => entry.OrganizationId == usage.OrganizationId).OrderBy(entry => entry.Id)
                .Select(entry => entry.Action + " " + entry.Subject).ToListAsync());
        Assert.Equal(
            [$"usage.book req_{usage.RequestId:N}: after the restore", $"usage.dismiss req_{usage.RequestId:N}: a test"], audited);
    }

    [Fact]
    public async Task Pages_that_error_messages_name_are_in_the_menu_of_an_operator()
    {
        using var browser = await _host.BrowseAsOperatorAsync();

        foreach (var (name, path) in PortalPages.Paths)
        {
            var page = await browser.OpenAsync(path);
            Assert.Equal(HttpStatusCode.OK, page.Status);
            Assert.Matches($"<a[^>]*href=\"{path}\"[^>]*>\\s*{name}\\s*</a>", page.Html);
        }
    }

    [Fact]
    public async Task Admin_live_shows_load_and_todays_figures()
    {
        using var browser = await _host.BrowseAsOperatorAsync();
        var now = TimeProvider.System.GetUtcNow();
        _host.Responder.Fleet = FleetServing(
            new ServedModel(Card("tiny-assistant"), true, 3, 2, 8), new ServedModel(Card("tiny-embed"), true, 1, 0, 0));
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
        using var browser = await _host.BrowseAsOperatorAsync();
        var before = await browser.OpenAsync("/admin");
        _host.Responder.WelcomeCredits = new WelcomeCreditReport(
            31, [new WithheldWelcomeCredits("domain", "farm.example", 40), new WithheldWelcomeCredits("network", "203.0.113.0/24", 2)]);

        var page = await browser.OpenAsync("/admin");

        Assert.DoesNotContain("welcome credit", before.Html, StringComparison.Ordinal);
        Assert.Contains("42 new organizations wait for their welcome credit", page.Html, StringComparison.Ordinal);
        Assert.Contains("40 by mail domain farm.example", page.Html, StringComparison.Ordinal);
    }

    private static ModelCard Card(string name) => new()
    {
        Name = name, Version = "1", Task = "chat", ContextLength = 1024, DefaultMaxOutput = 256,
    };

    private static Contracts.Catalogue.Fleet FleetServing(params ServedModel[] models) => new(
        DateTimeOffset.UnixEpoch,
        [new FleetWorker("http://127.0.0.1:9", true, new WorkerStatus("worker-one", "1", "cpu", false, DateTimeOffset.UnixEpoch, models))]);
}
