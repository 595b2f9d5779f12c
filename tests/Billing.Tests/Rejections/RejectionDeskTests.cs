using System.Net;
using System.Net.Http.Json;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Billing.Ingest;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Money;
using Tollgate.Contracts.Reports;
using Tollgate.Contracts.Usage;

namespace Tollgate.Billing.Tests.Rejections;

public sealed class RejectionDeskTests(BillingFixture billing) : IClassFixture<BillingFixture>, IAsyncLifetime
{
    private HttpClient _operators = null!;
    private HttpClient _accounts = null!;

    public async Task InitializeAsync()
    {
        var app = await billing.StartAsync();
        (_operators, _accounts) = (BillingFixture.Client(app, "operator"), BillingFixture.Client(app, "accounts"));
    }

    public Task DisposeAsync()
    {
        _operators.Dispose();
        _accounts.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task Usage_without_a_price_is_booked_at_the_price_that_the_operator_set()
    {
        var organization = await billing.OpenWalletAsync(10);
        var usage = Unpriced(organization);
        await ShipAsync(usage);

        var early = await ResolveAsync(usage, RejectedResolution.Book);
        var unpriced = await FindAsync(usage);
        await _accounts.PostAsJsonAsync("/internal/prices", new SetPrice(usage.Model, 2, 4, false), ContractsJson.Default.SetPrice);
        var priced = await FindAsync(usage);
        var booked = await ResolveAsync(usage, RejectedResolution.Book);
        var again = await ResolveAsync(usage, RejectedResolution.Book);

        Assert.Equal(HttpStatusCode.Conflict, early.StatusCode);
        Assert.Contains($"{usage.Model} has no price", await early.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal((null, "The price version is unknown."), (unpriced!.AmountUsd, unpriced.Reason));
        Assert.Equal(0.00024m, priced!.AmountUsd); // 100 x 2 + 10 x 4 millionths.
        Assert.Equal((HttpStatusCode.NoContent, HttpStatusCode.NotFound), (booked.StatusCode, again.StatusCode));
        Assert.Equal(0.00024m, await billing.ReadAsync<decimal>("select amount from usage_events where request_id = $1", usage.RequestId));
        Assert.Equal(9.99976m, await billing.ReadAsync<decimal>("select balance from wallets where organization_id = $1", organization));
        Assert.Null(await FindAsync(usage));
        Assert.Equal(
            "booked ada@example.com because", await billing.ReadAsync<string>(
                "select resolution || ' ' || resolved_by || ' ' || resolved_reason from usage_rejected where request_id = $1",
                usage.RequestId));
    }

    [Fact]
    public async Task Dismissed_usage_charges_nobody_and_is_not_rejected_again()
    {
        var organization = await billing.OpenWalletAsync(10);
        var usage = Unpriced(organization);
        await ShipAsync(usage);

        var dismissed = await ResolveAsync(usage, RejectedResolution.Dismiss);
        await ShipAsync(usage);

        Assert.Equal(HttpStatusCode.NoContent, dismissed.StatusCode);
        Assert.Null(await FindAsync(usage));
        Assert.Equal(10m, await billing.ReadAsync<decimal>("select balance from wallets where organization_id = $1", organization));
    }

    [Fact]
    public async Task What_can_never_be_booked_says_why_and_what_was_booked_meanwhile_waits_no_more()
    {
        var organization = await billing.OpenWalletAsync(10);
        var negative = BillingFixture.Usage(organization, 0, -1, 1);
        var (tooDear, late) = (BillingFixture.Usage(organization, 0, 0, long.MaxValue), Unpriced(organization));
        await ShipAsync(negative, tooDear, late);

        var (one, two) = (await ResolveAsync(negative, RejectedResolution.Book), await ResolveAsync(tooDear, RejectedResolution.Book));
        await ShipAsync(late with { PriceVersion = BillingFixture.AssistantPrice });

        Assert.Equal((HttpStatusCode.Conflict, HttpStatusCode.Conflict), (one.StatusCode, two.StatusCode));
        Assert.Contains("A count is negative.", await one.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.NotNull(await FindAsync(negative));
        Assert.NotNull(await FindAsync(tooDear));
        Assert.Null(await FindAsync(late));
    }

    [Fact]
    public async Task A_decision_needs_a_name_a_reason_and_one_of_the_two_ways()
    {
        var usage = Unpriced(await billing.OpenWalletAsync(10));
        await ShipAsync(usage);

        foreach (var (order, member) in new (ResolveRejectedUsage, string)[]
        {
            (new(RejectedResolution.Book, "ada@example.com", " "), "reason"),
            (new(RejectedResolution.Book, "", "because"), "by"),
            (new((RejectedResolution)3, "ada@example.com", "because"), "resolution"),
        })
        {
            using var refused = await _operators.PostAsJsonAsync(PathOf(usage), order, ContractsJson.Default.ResolveRejectedUsage);
            Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
            Assert.Contains($"\"{member}\"", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        Assert.NotNull(await FindAsync(usage));
    }

    [Fact]
    public async Task The_books_show_what_waits_and_what_differs()
    {
        var usage = Unpriced(await billing.OpenWalletAsync(10));
        var before = await BooksAsync();
        await ShipAsync(usage);
        await billing.ReadAsync<object>(
            """
            insert into reconciliation_differences (name, kind, organization_id, request_id, owner, detail)
            values ('R2', 'no_row', $1, $2, 'gateway', 'missing') returning 1
            """,
            usage.OrganizationId, usage.RequestId);
        await billing.ReadAsync<object>(
            """
            insert into reconciliation_runs (id, name, started_at, finished_at, checked, differences, detail)
            values (gen_random_uuid(), 'R5', now() + interval '1 hour', now(), 3, 1, 'first') returning 1
            """);

        var after = await BooksAsync();

        Assert.Equal(1, after.RejectedUsage - before.RejectedUsage);
        Assert.Equal(1, after.OpenDifferences - before.OpenDifferences);
        Assert.Equal(
            ("R2", "no_row", "gateway", "missing"),
            after.Differences.Where(one => one.RequestId == usage.RequestId)
                .Select(one => (one.Check, one.Kind, one.Owner, one.Detail)).Single());
        Assert.Equal(
            (3, 1, "first"),
            after.Checks.Where(one => one.Name == "R5").Select(one => (one.Checked, one.Differences, one.Detail)).Single());
        Assert.True(after.IsCritical);
    }

    private static UsageEvent Unpriced(Guid organization) => BillingFixture.Usage(organization, 0, 100, 10) with
    {
        Model = $"unpriced-{Guid.NewGuid():N}", PriceVersion = Guid.NewGuid(),
    };

    private static string PathOf(UsageEvent usage) => $"/internal/rejected-usage/{usage.OrganizationId}/{usage.RequestId}/{usage.Seq}";

    private Task<HttpResponseMessage> ResolveAsync(UsageEvent usage, RejectedResolution resolution) => _operators.PostAsJsonAsync(
        PathOf(usage), new ResolveRejectedUsage(resolution, "ada@example.com", "because"), ContractsJson.Default.ResolveRejectedUsage);

    private async Task<RejectedUsage?> FindAsync(UsageEvent usage) =>
        (await _operators.GetFromJsonAsync("/internal/rejected-usage", ContractsJson.Default.IReadOnlyListRejectedUsage))!
            .SingleOrDefault(row => row.Usage.RequestId == usage.RequestId);

    private async Task<BooksState> BooksAsync() =>
        (await _operators.GetFromJsonAsync("/internal/books", ContractsJson.Default.BooksState))!;

    private Task<UsageBooked?> ShipAsync(params UsageEvent[] events) => billing.App.Services.GetRequiredService<UsageIngest>()
        .BookAsync(new UsageBatch(Guid.NewGuid(), 1, 0, 1000, events, []), default);
}
