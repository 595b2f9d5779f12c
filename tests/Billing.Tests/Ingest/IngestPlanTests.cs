using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Billing.Ingest;
using Tollgate.Contracts.Usage;
using Tollgate.Testing;

namespace Tollgate.Billing.Tests.Ingest;

public sealed class IngestPlanTests(BillingFixture billing) : IClassFixture<BillingFixture>
{
    private const int Wallets = 20_000;

    [Fact]
    public async Task Booking_a_batch_reads_no_large_table_whole_under_row_level_security()
    {
        var organizations = await SeedAsync();
        var usage = organizations.SelectMany(one => Enumerable.Range(0, 20).Select(_ => BillingFixture.Usage(one, 7, 10, 5))).ToList();
        await BookAsync([.. usage.Take(10_000)]);
        await BookAsync([.. usage.Skip(10_000)]);
        await billing.ExecuteAsync(
            """
            analyze wallets, lease_epochs, usage_events, usage_rollup_hours, ledger_accounts, ledger_entries, statement_days, price_versions
            """);
        var before = await ReadScansAsync();

        // Half of the events are booked already, so that the statement of corrections runs, too.
        var answer = await BookAsync([.. organizations.Take(10).Select(one => BillingFixture.Usage(one, 7, 10, 5)), .. usage.Take(10)]);

        Assert.Equal((10, 10), (answer.Inserted, answer.Duplicates));
        // Wallets are left out: locking those of a batch reads them whole while they are few, with policies and without.
        var today = "usage_events_" + TimeProvider.System.GetUtcNow().ToString("yyyyMMdd", CultureInfo.InvariantCulture);
        Assert.Empty((await ReadScansAsync()).ReadWholeSince(
            before, "lease_epochs", "usage_rollup_hours", "ledger_accounts", "ledger_entries", "statement_days", today));
    }

    /// <summary>Many wallets with an open lease and some history. Returns a thousand of them.</summary>
    private async Task<Guid[]> SeedAsync()
    {
        await billing.ExecuteAsync(
            $"""
            insert into wallets (organization_id, name, balance, leased, epoch)
              select gen_random_uuid(), 'Test', 10, 5, 7 from generate_series(1, {Wallets});
            insert into lease_epochs (organization_id, epoch, granted) select organization_id, 7, 5 from wallets;
            insert into ledger_accounts (organization_id, account, balance) select organization_id, 'wallet', 10 from wallets;
            insert into statement_days (organization_id, day, amount, last_transaction_id, last_at)
              select organization_id, current_date - 1, 1, gen_random_uuid(), now() from wallets;
            insert into usage_rollup_hours (
                organization_id, hour, project_id, key_id, model, endpoint, requests, input, cached, output, reasoning, audio_ms, images,
                amount)
              select organization_id, date_trunc('day', now()), organization_id, organization_id, 'm', 'e', 1, 1, 0, 1, 0, 0, 0, 1
              from wallets;
            """);
        return await billing.ReadAsync<Guid[]>("select array(select organization_id from wallets limit 1000)");
    }

    /// <summary>Books a batch by an instance that ends afterwards.</summary>
    private async Task<UsageBooked> BookAsync(IReadOnlyList<UsageEvent> events)
    {
        await using var app = BillingApp.Create(billing.Arguments());
        return (await app.Services.GetRequiredService<UsageIngest>()
            .BookAsync(new UsageBatch(Guid.NewGuid(), 1, 0, 1, events, []), default))!;
    }

    private Task<TableScans> ReadScansAsync()
    {
        billing.Everything.Clear(); // Ends its idle sessions.
        return TableScans.ReadAsync(billing.ConnectionString);
    }
}
