using System.Net;
using System.Net.Http.Json;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Billing.Reconciliation;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Money;
using Tollgate.Contracts.Reports;
using Tollgate.Contracts.Usage;

namespace Tollgate.Billing.Tests.Reports;

/// <summary>Through HTTP alone, as gateway and Accounts do it.</summary>
public sealed class UsageReportTests(BillingFixture billing) : IClassFixture<BillingFixture>
{
    [Fact]
    public async Task Reports_equal_the_rows_and_the_books_add_up()
    {
        var app = await billing.StartAsync();
        using var gateway = BillingFixture.Client(app, "gateway");
        using var accounts = BillingFixture.Client(app, "accounts");
        var organization = await billing.OpenWalletAsync(10);
        var lease = (await PostAsync(gateway, "/internal/leases", new LeaseRequest(organization, null, 2_000_000_000, 0),
            ContractsJson.Default.Lease))!;
        var journal = Guid.NewGuid();
        await gateway.PostAsJsonAsync("/internal/journals", new RegisterJournal(journal, 1, "gateway-1"),
            ContractsJson.Default.RegisterJournal);
        List<UsageEvent> events =
        [
            BillingFixture.Usage(organization, lease.Epoch, 100, 10),
            BillingFixture.Usage(organization, lease.Epoch, 200, 20) with { Units = new Units(150, 50, 15, 5), KeyId = Guid.NewGuid() },
            BillingFixture.Usage(organization, lease.Epoch, 300, 30) with
            {
                Endpoint = "completions",
                Units = new Units(300, Output: 30, AudioMs: 2000, Images: 3, Pixels: 12, Steps: 4, Calls: 1, Elements: 7),
            },
            BillingFixture.Usage(organization, lease.Epoch, 0, 0) with { Outcome = Outcome.FailedBeforeFirstToken },
        ];

        var answer = await gateway.PostAsync("/internal/usage", UsageBatchFormat.ToContent(new UsageBatch(journal, 1, 0, 400, events, [])));
        var booked = await answer.Content.ReadFromJsonAsync(ContractsJson.Default.UsageBooked);

        var now = TimeProvider.System.GetUtcNow();
        var range = $"from={now.AddDays(-1):yyyy-MM-ddTHH:mm:ssZ}&to={now.AddDays(1):yyyy-MM-ddTHH:mm:ssZ}";
        var mine = await GetAsync(accounts, $"/internal/organizations/{organization}/usage?{range}&bucket=hour");
        var byDay = await GetAsync(accounts, $"/internal/organizations/{organization}/usage?{range}&bucket=day");
        var byOrganization = await GetAsync(accounts, $"/internal/usage?{range}&bucket=day&by=organization");
        var byModel = await GetAsync(accounts, $"/internal/usage?{range}&bucket=day&by=model");
        var lines = await accounts.GetFromJsonAsync(
            $"/internal/organizations/{organization}/ledger", ContractsJson.Default.IReadOnlyListStatementLine);
        var wallet = await accounts.GetFromJsonAsync($"/internal/organizations/{organization}/wallet", ContractsJson.Default.WalletState);

        Assert.Equal((400L, 4), (booked!.Cursor, booked.Inserted));
        // 600 prompt tokens at 0.5 and 60 of output at 1.5 millionths.
        const decimal Amount = 0.00039m;
        foreach (var report in new[] { mine, byDay })
        {
            Assert.Equal(
                (4L, 550L, 50L, 60L, Amount),
                (report.Rows.Sum(row => row.Requests), report.Rows.Sum(row => row.InputTokens), report.Rows.Sum(row => row.CachedTokens),
                 report.Rows.Sum(row => row.OutputTokens), report.Rows.Sum(row => row.Amount)));
            Assert.All(report.Rows, row => Assert.Null(row.OrganizationId));
            Assert.Equal(
                (2000L, 3L, 12L, 4L, 1L, 7L),
                (report.Rows.Sum(row => row.AudioMs), report.Rows.Sum(row => row.Images), report.Rows.Sum(row => row.Pixels),
                 report.Rows.Sum(row => row.Steps), report.Rows.Sum(row => row.Calls), report.Rows.Sum(row => row.Elements)));
            Assert.InRange(report.AsOf, now.AddMinutes(-1), now.AddMinutes(1));
        }

        Assert.Equal(Amount, byOrganization.Rows.Where(row => row.OrganizationId == organization).Sum(row => row.Amount));
        Assert.Equal(
            await billing.ReadAsync<decimal>("select sum(amount) from usage_events"), byModel.Rows
                .Where(row => row.Model == "tiny-assistant").Sum(row => row.Amount));
        Assert.Equal(10 - Amount, wallet!.Balance);
        Assert.Equal(10 - Amount, lines!.Sum(line => line.Amount));
        Assert.Equal(["usage", "top_up"], lines!.Select(line => line.Kind));
        Assert.Equal(HttpStatusCode.BadRequest, (await accounts.GetAsync($"/internal/usage?{range}&bucket=year")).StatusCode);

        await ReconcileAsync(expected: 0);
        // A figure that somebody changed by hand is found.
        await billing.ReadAsync<object>(
            "update usage_rollup_hours set amount = amount + 0.000001 where organization_id = $1 returning 1", organization);
        await ReconcileAsync(expected: 2);
    }

    [Fact]
    public async Task Journals_are_listed_and_deregistered()
    {
        var app = await billing.StartAsync();
        using var gateway = BillingFixture.Client(app, "gateway");
        using var operators = BillingFixture.Client(app, "operator");
        var journal = Guid.NewGuid();
        await gateway.PostAsJsonAsync("/internal/journals", new RegisterJournal(journal, 3, "gateway-2"),
            ContractsJson.Default.RegisterJournal);

        var old = await gateway.PostAsJsonAsync("/internal/journals", new RegisterJournal(journal, 2, "gateway-2"),
            ContractsJson.Default.RegisterJournal);
        var left = await gateway.DeleteAsync($"/internal/journals/{journal}?boot=3");
        var list = await operators.GetFromJsonAsync<List<JournalState>>("/internal/journals");

        Assert.Equal(HttpStatusCode.Conflict, old.StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, left.StatusCode);
        Assert.True(Assert.Single(list!, state => state.Id == journal).Deregistered);
    }

    private async Task ReconcileAsync(long expected)
    {
        await billing.App.Services.GetRequiredService<BookReconciliation>().RunOnceAsync(default);
        Assert.Equal(
            expected,
            await billing.ReadAsync<decimal>(
                "select sum(differences) from "
                + "(select distinct on (name) differences from reconciliation_runs order by name, started_at desc) last"));
    }

    private static async Task<UsageReport> GetAsync(HttpClient client, string path) =>
        (await client.GetFromJsonAsync(path, ContractsJson.Default.UsageReport))!;

    private static async Task<TAnswer?> PostAsync<TQuestion, TAnswer>(
        HttpClient client, string path, TQuestion question, System.Text.Json.Serialization.Metadata.JsonTypeInfo<TAnswer> json)
    {
        var answer = await client.PostAsJsonAsync(path, question, ContractsJson.Default.Options);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.Content.ReadFromJsonAsync(json);
    }
}
