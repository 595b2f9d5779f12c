using System.Net;
using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Catalogue;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Organizations;
using Tollgate.Contracts.Catalogue;
using Tollgate.Contracts.Keys;
using Tollgate.Contracts.Money;
using Tollgate.Contracts.Reports;
using Tollgate.Contracts.Workers;

namespace Tollgate.Accounts.Tests.ModelCards;

/// <summary>The page of one model.</summary>
public sealed class ModelCardPageTests : IAsyncLifetime
{
    private static readonly ModelCard Card = new()
    {
        Name = "small-chat", Version = "2", Task = "chat", ContextLength = 4096, DefaultMaxOutput = 256, Licence = "Apache-2.0",
        Description = "A small one <b>", CreatedAt = DateTimeOffset.UnixEpoch.AddYears(56), Precision = "int8",
        Parity = new ModelParity
        {
            Tokens = 128, Agreed = 122, Divergence = 0.00412, Perplexity = 25.123, SourcePerplexity = 25, WidestMargin = 0.2,
            Repeats = false,
        },
    };

    private AccountsHost? _started;
    private PortalBrowser? _ada;

    private AccountsHost Host => _started!;

    private PortalBrowser Ada => _ada!;

    public async Task InitializeAsync()
    {
        _started = await AccountsHost.StartAsync();
        _ada = await Host.SignUpAsync();
    }

    public async Task DisposeAsync()
    {
        Ada.Dispose();
        await Host.DisposeAsync();
    }

    [Fact]
    public async Task A_model_shows_what_it_is_what_it_costs_this_organization_and_how_it_is_called()
    {
        var (organization, _) = await OwnAsync();
        Serve(
            new ServedModel(Card, true, 3, 2, 8, 41.5), new ServedModel(Card with { Version = "1", CreatedAt = default }, true, 0, 0, 8));
        Host.Responder.Prices =
        [
            Price("small-chat", organization: null, inputUsd: 9), Price("small-chat", organization, inputUsd: 0.5m),
            Price("small-chat", Guid.NewGuid(), inputUsd: 7),
        ];
        Host.Responder.Usage =
        [
            new UsageRow(default, organization, null, null, "small-chat", null, 3, 100, 20, 40, 0.25m),
            new UsageRow(default, organization, null, null, "another", null, 9, 999, 0, 999, 9m),
        ];

        var page = await Ada.OpenAsync("/models/small-chat");
        var text = WebUtility.HtmlDecode(page.Html);

        Assert.Equal(HttpStatusCode.OK, page.Status);
        Assert.Contains("A small one &lt;b&gt;", page.Html, StringComparison.Ordinal);
        foreach (var fact in (string[])
        [
            "<dt>Task</dt><dd>chat and completions</dd>", "<dt>Licence</dt><dd>Apache-2.0</dd>", "<dt>Context</dt><dd>4,096 tokens</dd>",
            "<dt>Default output</dt><dd>256 tokens</dd>", "<dt>Precision</dt><dd>int8</dd>",
            "At 122 of 128 places of a text it finds the same next token likeliest as its source.",
            "<dt>Input</dt><dd>$0.50 per million tokens</dd>", "<dt>Batches</dt><dd>50 % of it</dd>",
            "<dt>Now</dt><dd>41.5 tokens a second, 3 of 16 places taken, 2 waiting</dd>",
            "<dd>3 requests, 120 input and 40 output tokens, 20 cached input tokens, $0.25</dd>", "requests/min",
        ])
        {
            Assert.Contains(fact, text, StringComparison.Ordinal);
        }

        Assert.Matches("<td>2</td><td>1 Jan 2026</td><td class=\"num\">1</td></tr>\\s*<tr><td>1</td>", text);
        Assert.Contains("/v1/chat/completions' \\\n", text, StringComparison.Ordinal);
        Assert.Contains(
            "client.chat.completions.create(\n    model=\"small-chat\",\n    messages=[{\"role\": \"user\"", text,
            StringComparison.Ordinal);
        Assert.Contains("await client.responses.create({\n  model: \"small-chat\",\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_of_another_project_a_hidden_one_and_one_that_is_none_are_not_found()
    {
        var (organization, project) = await OwnAsync();
        Serve(
            new ServedModel(Card with { Name = "mine", Owner = new ModelOwner(organization, project) }, true, 0, 0, 8),
            new ServedModel(Card with { Name = "beside", Owner = new ModelOwner(organization, Guid.NewGuid()) }, true, 0, 0, 8),
            new ServedModel(Card with { Name = "theirs", Owner = new ModelOwner(Guid.NewGuid(), Guid.NewGuid()) }, true, 0, 0, 8),
            new ServedModel(Card with { Name = "hidden" }, true, 0, 0, 8));
        await Host.InScopeAsync<AliasBook, bool>(async book =>
        {
            await book.SetHiddenAsync("hidden", hidden: true, Guid.NewGuid(), CancellationToken.None);
            await book.SetAsync("mine-too", "mine", Guid.NewGuid(), CancellationToken.None);
            await book.SetAsync("hidden-too", "hidden", Guid.NewGuid(), CancellationToken.None);
            return true;
        });

        var statuses = new Dictionary<string, HttpStatusCode>();
        foreach (var name in (string[])["mine", "mine-too", "beside", "theirs", "hidden", "hidden-too", "none", "..%2f", "%3Cscript%3E"])
        {
            statuses[name] = (await Ada.OpenAsync($"/models/{name}")).Status;
        }

        Assert.Equal(["mine", "mine-too"], statuses.Where(one => one.Value == HttpStatusCode.OK).Select(one => one.Key));
        Assert.All(statuses.Where(one => one.Value != HttpStatusCode.OK), one => Assert.Equal(HttpStatusCode.NotFound, one.Value));
        Assert.Equal(HttpStatusCode.Redirect, (await Host.Browse().OpenAsync("/models/mine")).Status);
    }

    [Fact]
    public async Task Limits_of_the_organization_the_project_and_the_model_are_shown()
    {
        var (organization, project) = await OwnAsync();
        Serve(new ServedModel(Card, true, 0, 0, 8));
        await Host.InScopeAsync<AccountsDb, int>(async db =>
        {
            var rules = await db.OrganizationRules.SingleAsync(one => one.OrganizationId == organization);
            rules.Limits = Limits.None with { RequestsPerMinute = 77 };
            db.Entry(rules).Property(one => one.Models).CurrentValue = new Dictionary<string, Limits>
            {
                ["small-chat"] = Limits.None with { TokensPerMinute = 1234 }, ["another"] = Limits.None with { TokensPerMinute = 9 },
            };
            db.Entry(await db.Projects.SingleAsync(one => one.Id == project)).Property(one => one.Limits).CurrentValue =
                Limits.None with { Concurrency = 5 };
            return await db.SaveChangesAsync();
        });

        var text = WebUtility.HtmlDecode((await Ada.OpenAsync("/models/small-chat")).Html);

        Assert.Contains("<dt>Of this model</dt><dd>1,234 tokens/min</dd>", text, StringComparison.Ordinal);
        Assert.Contains("<dt>Of the organization</dt><dd>77 requests/min</dd>", text, StringComparison.Ordinal);
        Assert.Matches("<dt>Of the project</dt><dd>5 ", text);
    }

    [Fact]
    public async Task Without_a_price_the_page_says_that_the_model_cannot_be_called()
    {
        Serve(new ServedModel(Card with { Parity = null, Precision = null }, false, 0, 0, 8));

        var text = WebUtility.HtmlDecode((await Ada.OpenAsync("/models/small-chat")).Html);

        Assert.Contains("There is none yet, so the model cannot be called.", text, StringComparison.Ordinal);
        Assert.Contains(">loading<", text, StringComparison.Ordinal);
        Assert.DoesNotContain("<dt>Parity</dt>", text, StringComparison.Ordinal);
    }

    private static ModelPrice Price(string model, Guid? organization, decimal inputUsd) => new(
        model, Guid.NewGuid(), DateTimeOffset.UnixEpoch, organization, new UnitPrices((long)(inputUsd * 1_000_000), 0, 0, 0, 0, 0));

    private void Serve(params ServedModel[] models) => Host.Responder.Fleet = new(
        DateTimeOffset.UnixEpoch,
        [
            .. models.Select((model, i) => new FleetWorker(
                $"http://w{i}", true, new WorkerStatus($"w{i}", "1", "cpu", false, DateTimeOffset.UnixEpoch, [model]))),
        ]);

    /// <summary>Organization and project of the user.</summary>
    private Task<(Guid Organization, Guid Project)> OwnAsync() => Host.InScopeAsync<AccountsDb, (Guid, Guid)>(async db =>
    {
        var project = await db.Projects.AsNoTracking().SingleAsync();
        return (project.OrganizationId, project.Id);
    });
}
