using Microsoft.Extensions.DependencyInjection;
using Tollgate.Billing.Ingest;
using Tollgate.Billing.Leases;
using Tollgate.Billing.Reconciliation;
using Tollgate.Billing.Tests.Payments;
using Tollgate.Contracts.Money;
using Tollgate.Contracts.Usage;
using Tollgate.Testing;

namespace Tollgate.Billing.Tests.Telemetry;

public sealed class BillingMetricsTests(StripeFixture stripe) : IClassFixture<StripeFixture>
{
    private const long Cent = 10_000_000;

    private BillingFixture Billing => stripe.Billing;

    [Fact]
    public async Task A_batch_counts_its_rows_by_what_became_of_them_and_its_lag_once()
    {
        using var metrics = new RecordedMetrics(Billing.App.Services);
        var organization = await Billing.OpenWalletAsync(10);
        var lease = await Desk().AskAsync(new LeaseRequest(organization, null, Cent, 0), default);
        var usage = BillingFixture.Usage(organization, lease.Epoch, 1_000, 100);
        var unpriced = BillingFixture.Usage(organization, lease.Epoch, 1_000, 100) with { PriceVersion = Guid.NewGuid() };
        var batch = new UsageBatch(Guid.NewGuid(), 2, 0, 1_000, [usage, unpriced], []);

        await Ingest().BookAsync(batch, default);
        await Ingest().BookAsync(batch with { Events = [usage] }, default);
        await Ingest().BookAsync(batch with { Boot = 1 }, default); // An older start of the gateway.

        Assert.Equal(1, metrics.Sum("tollgate.billing.usage.rows{outcome=booked}"));
        Assert.Equal(1, metrics.Sum("tollgate.billing.usage.rows{outcome=duplicate}"));
        Assert.Equal(1, metrics.Sum("tollgate.billing.usage.rows{outcome=rejected}"));
        Assert.Equal(2, metrics.Sum("tollgate.billing.usage.batches{outcome=booked}"));
        Assert.Equal(1, metrics.Sum("tollgate.billing.usage.batches{outcome=refused}"));
        Assert.True(metrics.Sum("tollgate.billing.usage.lag") > 0);
    }

    [Fact]
    public async Task RunOnceAsync_shows_the_money_in_open_leases_and_what_waits()
    {
        var billing = new BillingFixture();
        await billing.InitializeAsync();
        using var metrics = new RecordedMetrics(billing.App.Services);
        var organization = await billing.OpenWalletAsync(10);
        var desk = billing.App.Services.GetRequiredService<LeaseDesk>();
        var lease = await desk.AskAsync(new LeaseRequest(organization, null, 100 * Cent, 0), default);
        await billing.ExecuteAsync(
            """
            insert into reconciliation_differences (name, kind, organization_id, request_id, owner, detail)
            values ('R2', 'billed_above_generated', gen_random_uuid(), gen_random_uuid(), 'billing', '')
            """);
        Assert.Null(metrics.Gauge("tollgate.billing.leases.epochs"));

        await billing.App.Services.GetRequiredService<BookReconciliation>().RunOnceAsync(default);
        await billing.App.Services.GetRequiredService<BookGauges>().RunOnceAsync(default);

        Assert.Equal(1, metrics.Gauge("tollgate.billing.leases.epochs"));
        Assert.Equal(100 * Cent, lease.GrantedNanoUsd);
        Assert.Equal(100 * Cent, metrics.Gauge("tollgate.billing.leases.nano_usd"));
        Assert.Equal(1, metrics.Gauge("tollgate.billing.reconciliation.open{check=R2,kind=billed_above_generated}"));
        Assert.Equal(0, metrics.Gauge("tollgate.billing.reconciliation.differences{check=R4}"));
        Assert.Equal(0, metrics.Gauge("tollgate.billing.usage.rejected"));
        Assert.Equal(0, metrics.Gauge("tollgate.billing.journals.silent"));
        Assert.Equal(0, metrics.Gauge("tollgate.billing.checkouts.parked"));
        await billing.DisposeAsync();
    }

    [Fact]
    public async Task A_webhook_counts_by_type_and_outcome()
    {
        using var metrics = new RecordedMetrics(stripe.App.Services);
        var organization = await Billing.OpenWalletAsync(0);
        var page = await stripe.StartCheckoutAsync(organization, 20);
        await StripeFixture.PostAsync(page, ("number", "4242 4242 4242 4242"));
        await stripe.BalanceBecomesAsync(organization, 20);
        const string Completed = "type=checkout.session.completed";
        await Until.TrueAsync(
            () => metrics.Sum($"tollgate.billing.stripe.webhooks{{outcome=processed,{Completed}}}") == 1, "the event is processed");

        var (body, signature) = stripe.SeenEvent("checkout.session.completed", page);
        await stripe.DeliverAsync(body, signature);
        await stripe.DeliverAsync(body, "t=1,v1=00");

        Assert.Equal(1, metrics.Sum($"tollgate.billing.stripe.webhooks{{outcome=repeated,{Completed}}}"));
        Assert.Equal(1, metrics.Sum("tollgate.billing.stripe.webhooks{outcome=forged,type=unsigned}"));
    }

    private LeaseDesk Desk() => Billing.App.Services.GetRequiredService<LeaseDesk>();

    private UsageIngest Ingest() => Billing.App.Services.GetRequiredService<UsageIngest>();
}
