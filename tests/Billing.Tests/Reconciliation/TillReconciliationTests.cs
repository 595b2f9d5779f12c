using Microsoft.Extensions.DependencyInjection;
using Tollgate.Billing.Ingest;
using Tollgate.Billing.Leases;
using Tollgate.Billing.Reconciliation;
using Tollgate.Contracts.Money;
using Tollgate.Contracts.Usage;

namespace Tollgate.Billing.Tests.Reconciliation;

/// <summary>R1: what tills counted against what was billed.</summary>
public sealed class TillReconciliationTests(BillingFixture billing) : IClassFixture<BillingFixture>
{
    private LeaseDesk Desk => billing.App.Services.GetRequiredService<LeaseDesk>();

    [Fact]
    public async Task RunOnceAsync_misses_a_row_that_a_till_counted_until_it_comes()
    {
        var (organization, epoch) = await OpenAsync();
        // 0.0015 dollars each.
        UsageEvent[] events = [.. Enumerable.Range(0, 3).Select(_ => BillingFixture.Usage(organization, epoch, 0, 1000))];
        await ShipAsync(events[..2]);
        await ReportAsync(organization, epoch, spent: 4_500_003, held: 0); // Rounded up, each by up to a nano-dollar.

        await RunAsync();
        var early = await OpenAsync(organization); // It may be on its way.
        await AgeAsync(organization);
        await RunAsync();
        var late = await OpenAsync(organization);
        await ShipAsync(events);
        await ReportAsync(organization, epoch, spent: 4_500_003, held: 0);
        await AgeAsync(organization);
        await RunAsync();

        Assert.Equal("", early);
        Assert.Equal("spent_unbilled gateway", late);
        Assert.Equal("", await OpenAsync(organization));
    }

    [Fact]
    public async Task RunOnceAsync_sees_a_bill_that_no_till_admitted()
    {
        var (organization, epoch) = await OpenAsync();
        await ReportAsync(organization, epoch, spent: 0, held: 2_000_000);
        await ShipAsync([BillingFixture.Usage(organization, epoch, 0, 1000)]);
        await ReportAsync(organization, epoch, spent: 500_000, held: 2_000_000); // Holds count: the settlement may not have come yet.
        await ReportAsync(organization, epoch, spent: 500_000, held: 1_000_000);
        await RunAsync();
        var covered = await OpenAsync(organization);

        await ReportAsync(organization, epoch, spent: 500_000, held: 900_000);
        await ReportAsync(organization, epoch, spent: 400_000, held: 2_000_000); // An older one that comes late.
        await RunAsync();

        Assert.Equal("", covered);
        Assert.Equal("billed_above_till billing", await OpenAsync(organization));
    }

    private async Task<(Guid Organization, long Epoch)> OpenAsync()
    {
        var organization = await billing.OpenWalletAsync(10);
        return (organization, (await Desk.AskAsync(new LeaseRequest(organization, null, 1_000_000_000, 0), default)).Epoch);
    }

    private Task<Lease> ReportAsync(Guid organization, long epoch, long spent, long held) =>
        Desk.AskAsync(new LeaseRequest(organization, epoch, 0, 0, new TillFigures(spent, held)), default);

    private Task<UsageBooked?> ShipAsync(UsageEvent[] events) => billing.App.Services.GetRequiredService<UsageIngest>()
        .BookAsync(new UsageBatch(Guid.NewGuid(), 1, 0, 0, events, []), default);

    private Task RunAsync() => billing.App.Services.GetRequiredService<BookReconciliation>().RunOnceAsync(default);

    private Task<Guid> AgeAsync(Guid organization) => billing.ReadAsync<Guid>(
        "update till_reports set check_at = check_at - interval '11 minutes' where organization_id = $1 returning organization_id",
        organization);

    private Task<string> OpenAsync(Guid organization) => billing.ReadAsync<string>(
        """
        select coalesce(string_agg(kind || ' ' || owner, ',' order by kind), '') from reconciliation_differences
        where organization_id = $1 and name = 'R1' and resolved_at is null
        """,
        organization);
}
