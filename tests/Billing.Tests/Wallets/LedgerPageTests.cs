using System.Net;
using System.Net.Http.Json;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Money;

namespace Tollgate.Billing.Tests.Wallets;

public sealed class LedgerPageTests(BillingFixture billing) : IClassFixture<BillingFixture>
{
    [Fact]
    public async Task Pages_name_every_line_once_and_only_those_of_the_organization()
    {
        var app = await billing.StartAsync();
        using var accounts = BillingFixture.Client(app, "accounts");
        var organization = await billing.OpenWalletAsync(0);
        await billing.OpenWalletAsync(7);
        for (var i = 0; i < 3; i++)
        {
            await billing.CreditAsync(organization, 1 + i);
        }

        await billing.ExecuteAsync(
            $"""
            insert into ledger_transactions (organization_id, id, kind, description, at)
            select '{organization}', gen_random_uuid(), 'top_up', 'Card', timestamptz '2026-01-01Z' + i * interval '1 second'
            from generate_series(1, 2500) i
            """);
        await billing.ExecuteAsync(
            $"""
            insert into ledger_entries (organization_id, transaction_id, account, amount)
            select organization_id, id, account, amount
            from ledger_transactions, (values ('wallet', 1.0), ('promotion', -1.0)) v (account, amount)
            where organization_id = '{organization}' and description = 'Card'
            """);
        await billing.ExecuteAsync(
            $"""
            insert into statement_days (organization_id, day, amount, last_transaction_id, last_at)
            select '{organization}', date '2020-01-01' + i, -0.5, gen_random_uuid(), now() from generate_series(1, 1200) i
            """);

        var lines = new List<StatementLine>();
        string? after = null;
        var pages = 0;
        do
        {
            var page = await accounts.GetFromJsonAsync(
                $"/internal/organizations/{organization}/ledger/pages{(after is null ? "" : $"?after={after}")}",
                ContractsJson.Default.LedgerPage);
            lines.AddRange(page!.Lines);
            (after, pages) = (page.Next, pages + 1);
        }
        while (after is not null);
        using var wrong = await accounts.GetAsync($"/internal/organizations/{organization}/ledger/pages?after=nothing");

        Assert.Equal((2503, 1200), (lines.Count(line => line.Kind != "usage"), lines.Count(line => line.Kind == "usage")));
        Assert.Equal(2503 + 1200, lines.Select(line => line.TransactionId).Distinct().Count());
        Assert.Equal(2506m - 600m, lines.Sum(line => line.Amount)); // 2,500 at 1, then 1 + 2 + 3; 1,200 days at 0.5.
        Assert.Equal(5, pages);
        Assert.Equal(HttpStatusCode.BadRequest, wrong.StatusCode);
    }

    [Fact]
    public async Task Closing_removes_names_and_addresses_and_leaves_the_money()
    {
        var app = await billing.StartAsync();
        using var accounts = BillingFixture.Client(app, "accounts");
        var organization = await billing.OpenWalletAsync(5);
        await billing.ExecuteAsync(
            $"""
            insert into checkouts (id, organization_id, amount_usd, email, return_url)
            values (gen_random_uuid(), '{organization}', 5, 'ada@example.com', 'http://portal')
            """);

        using var first = await accounts.PostAsync($"/internal/organizations/{organization}/wallet/closing", null);
        using var second = await accounts.PostAsync($"/internal/organizations/{organization}/wallet/closing", null);
        using var none = await accounts.PostAsync($"/internal/organizations/{Guid.NewGuid()}/wallet/closing", null);

        var state = await second.Content.ReadFromJsonAsync(ContractsJson.Default.WalletState);
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.NotFound), (first.StatusCode, none.StatusCode));
        Assert.Equal(5m, state!.Balance);
        Assert.Equal("Deleted organization", await billing.ReadAsync<string>(
            "select name from wallets where organization_id = $1", organization));
        Assert.Equal("", await billing.ReadAsync<string>("select email from checkouts where organization_id = $1", organization));
    }
}
