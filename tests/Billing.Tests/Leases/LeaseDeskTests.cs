using Microsoft.Extensions.DependencyInjection;
using Tollgate.Billing.Ingest;
using Tollgate.Billing.Leases;
using Tollgate.Billing.Restores;
using Tollgate.Billing.Witness;
using Tollgate.Contracts.Money;
using Tollgate.Contracts.Usage;

namespace Tollgate.Billing.Tests.Leases;

public sealed class LeaseDeskTests(BillingFixture billing) : IClassFixture<BillingFixture>
{
    private const long Cent = 10_000_000;

    private LeaseDesk Desk => billing.App.Services.GetRequiredService<LeaseDesk>();

    [Fact]
    public async Task AskAsync_leases_a_minutes_spend_and_counts_up_within_the_epoch()
    {
        var organization = await billing.OpenWalletAsync(5);

        var first = await Desk.AskAsync(new LeaseRequest(organization, null, 1 * Cent, 0), default);
        var second = await Desk.AskAsync(new LeaseRequest(organization, first.Epoch, 1 * Cent, 40 * Cent), default);

        Assert.Equal((LeaseOutcome.Granted, 5 * Cent), (first.Outcome, first.GrantedNanoUsd)); // the smallest lease
        Assert.Equal((LeaseOutcome.Granted, 45 * Cent), (second.Outcome, second.GrantedNanoUsd)); // and a minute at 40 cents
        Assert.Empty(second.Budgets);
    }

    [Fact]
    public async Task AskAsync_gives_what_is_left_and_then_says_exhausted()
    {
        var organization = await billing.OpenWalletAsync(0.08m);

        var first = await Desk.AskAsync(new LeaseRequest(organization, null, 1 * Cent, 0), default);
        var second = await Desk.AskAsync(new LeaseRequest(organization, first.Epoch, 10 * Cent, 0), default);
        var third = await Desk.AskAsync(new LeaseRequest(organization, first.Epoch, 1, 0), default);

        Assert.Equal((LeaseOutcome.Exhausted, 8 * Cent), (second.Outcome, second.GrantedNanoUsd));
        Assert.Equal((LeaseOutcome.Exhausted, 8 * Cent), (third.Outcome, third.GrantedNanoUsd));
    }

    [Fact]
    public async Task AskAsync_sees_a_top_up_at_once()
    {
        var organization = await billing.OpenWalletAsync(0);
        var empty = await Desk.AskAsync(new LeaseRequest(organization, null, 1 * Cent, 0), default);

        await billing.CreditAsync(organization, 5);
        var filled = await Desk.AskAsync(new LeaseRequest(organization, empty.Epoch, 1 * Cent, 0), default);

        Assert.Equal((LeaseOutcome.Exhausted, LeaseOutcome.Granted), (empty.Outcome, filled.Outcome));
    }

    [Fact]
    public async Task AskAsync_names_a_wallet_that_is_missing_and_an_epoch_that_is_over()
    {
        var organization = await billing.OpenWalletAsync(1);
        var old = await Desk.AskAsync(new LeaseRequest(organization, null, 1 * Cent, 0), default);
        var next = await Desk.AskAsync(new LeaseRequest(organization, null, 1 * Cent, 0), default);

        var missing = await Desk.AskAsync(new LeaseRequest(Guid.NewGuid(), null, 1 * Cent, 0), default);
        var closed = await Desk.AskAsync(new LeaseRequest(organization, old.Epoch, 1 * Cent, 0), default);

        Assert.True(next.Epoch > old.Epoch);
        Assert.Equal(LeaseOutcome.NoWallet, missing.Outcome);
        Assert.Equal((LeaseOutcome.EpochClosed, next.Epoch), (closed.Outcome, closed.Epoch));
    }

    [Fact]
    public async Task AskAsync_freezes_older_money_until_every_journal_acknowledged_the_fence()
    {
        var own = new BillingFixture(); // fences wait for every journal of a database
        await own.InitializeAsync();
        var (desk, journals) = (own.App.Services.GetRequiredService<LeaseDesk>(), own.App.Services.GetRequiredService<Journals>());
        var (first, second) = (Guid.NewGuid(), Guid.NewGuid());
        await journals.RegisterAsync(new RegisterJournal(first, 1, "gateway-1"), default);
        await journals.RegisterAsync(new RegisterJournal(second, 1, "gateway-2"), default);
        var organization = await own.OpenWalletAsync(1);
        var old = await desk.AskAsync(new LeaseRequest(organization, null, 90 * Cent, 0), default);
        await ShipAsync(own, first, [BillingFixture.Usage(organization, old.Epoch, 0, 100_000)], []); // 15 cents

        var cold = await desk.AskAsync(new LeaseRequest(organization, null, 50 * Cent, 0), default);
        var pending = (await ShipAsync(own, first, [], [])).PendingFences;
        await ShipAsync(own, first, [], pending);
        var half = await desk.AskAsync(new LeaseRequest(organization, cold.Epoch, 50 * Cent, 0), default);
        await ShipAsync(own, second, [], pending);
        var whole = await desk.AskAsync(new LeaseRequest(organization, cold.Epoch, 50 * Cent, 0), default);

        Assert.Equal((LeaseOutcome.Frozen, LeaseOutcome.Frozen, LeaseOutcome.Granted), (cold.Outcome, half.Outcome, whole.Outcome));
        Assert.Equal([new EpochFence(organization, cold.Epoch)], pending);
        Assert.InRange(cold.RetryAfterMs, 1, 60_000);
        // The month of a budget starts at what is billed, 15 cents, plus the 75 that the old epoch may still bill.
        Assert.Contains(new BudgetSeed("o", $"{TimeProvider.System.GetUtcNow():yyyyMM}", 90 * Cent), cold.Budgets);
        Assert.Contains(new BudgetSeed("k:000000000000000000000000000000b1", $"{TimeProvider.System.GetUtcNow():yyyyMMdd}", 90 * Cent),
            cold.Budgets);
        Assert.Contains(new BudgetSeed("*", $"{TimeProvider.System.GetUtcNow():yyyyMM}", 75 * Cent), cold.Budgets);
        await own.DisposeAsync();
    }

    [Fact]
    public async Task AskAsync_waits_for_a_silent_journal_until_it_is_retired()
    {
        var own = new BillingFixture();
        await own.InitializeAsync();
        var (desk, journals) = (own.App.Services.GetRequiredService<LeaseDesk>(), own.App.Services.GetRequiredService<Journals>());
        var journal = Guid.NewGuid();
        await journals.RegisterAsync(new RegisterJournal(journal, 1, "gateway-1"), default);
        var organization = await own.OpenWalletAsync(1);
        var old = await desk.AskAsync(new LeaseRequest(organization, null, 90 * Cent, 0), default);
        var cold = await desk.AskAsync(new LeaseRequest(organization, null, 50 * Cent, 0), default);

        Assert.Equal(1, Assert.Single(await journals.ListAsync(default)).FencesOpen);
        await journals.RetireAsync(journal, default);
        await own.App.Services.GetRequiredService<RetiredJournals>().RunOnceAsync(default);
        // It may hold money in that one too.
        var closed = await desk.AskAsync(new LeaseRequest(organization, cold.Epoch, 50 * Cent, 0), default);
        var after = await desk.AskAsync(new LeaseRequest(organization, null, 50 * Cent, 0), default);
        await ShipAsync(own, journal, [BillingFixture.Usage(organization, old.Epoch, 0, 200_000)],
            []); // 30 cents of the closed epoch come late

        Assert.Equal(
            (LeaseOutcome.Frozen, LeaseOutcome.EpochClosed, LeaseOutcome.Granted), (cold.Outcome, closed.Outcome, after.Outcome));
        Assert.Equal(0.7m, await own.ReadAsync<decimal>("select balance from wallets where organization_id = $1", organization));
        await own.DisposeAsync();
    }

    [Fact]
    public async Task SealAsync_stops_all_leases_until_gateways_have_shipped_again()
    {
        var own = new BillingFixture();
        await own.InitializeAsync();
        var (desk, journals) = (own.App.Services.GetRequiredService<LeaseDesk>(), own.App.Services.GetRequiredService<Journals>());
        var journal = Guid.NewGuid();
        var before = await journals.RegisterAsync(new RegisterJournal(journal, 1, "gateway-1"), default);
        var organization = await own.OpenWalletAsync(1);
        var lease = await desk.AskAsync(new LeaseRequest(organization, null, 1 * Cent, 0), default);
        // As after a restore: the schema remembers another cluster than the one it lies in.
        await own.ReadAsync<object>("update database_identity set cluster = 'another' returning 1");

        var between = await desk.AskAsync(new LeaseRequest(organization, lease.Epoch, 1 * Cent, 0), default);
        await own.App.Services.GetRequiredService<RestoreWatch>().RunOnceAsync(default);
        var sealedOff = await desk.AskAsync(new LeaseRequest(organization, null, 1 * Cent, 0), default);
        // A lease of the lost minutes comes back as usage of an epoch that no book knows.
        var shipped = await ShipAsync(own, journal, [BillingFixture.Usage(organization, 4711, 0, 100_000)], []);
        await ShipAsync(own, journal, [], shipped.PendingFences);
        var after = await desk.AskAsync(new LeaseRequest(organization, null, 50 * Cent, 0), default);

        Assert.Equal((LeaseOutcome.Frozen, LeaseOutcome.Frozen, LeaseOutcome.Granted),
            (between.Outcome, sealedOff.Outcome, after.Outcome));
        Assert.True(after.Epoch > lease.Epoch);
        Assert.NotEqual(before!.Database, shipped.Database);
        Assert.Equal(0.85m, await own.ReadAsync<decimal>("select balance from wallets where organization_id = $1", organization));
        await own.DisposeAsync();
    }

    [Fact]
    public async Task BookAsync_seals_a_restored_database_before_it_books_and_pays_what_a_forgotten_lease_had_paid()
    {
        var own = new BillingFixture();
        await own.InitializeAsync();
        var (desk, journals) = (own.App.Services.GetRequiredService<LeaseDesk>(), own.App.Services.GetRequiredService<Journals>());
        var journal = Guid.NewGuid();
        await journals.RegisterAsync(new RegisterJournal(journal, 1, "gateway-1"), default);
        var organization = await own.OpenWalletAsync(1);
        var lease = await desk.AskAsync(new LeaseRequest(organization, null, 10 * Cent, 0), default);
        await own.ReadAsync<object>("update database_identity set cluster = 'another' returning 1");

        // The till had more than the 10 cents that the backup knows.
        var shipped = await ShipAsync(own, journal, [BillingFixture.Usage(organization, lease.Epoch, 0, 200_000)], []); // 30 cents
        await ShipAsync(own, journal, [], shipped.PendingFences);
        var after = await desk.AskAsync(new LeaseRequest(organization, null, 70 * Cent, 0), default);

        Assert.Equal(organization, Assert.Single(shipped.PendingFences).OrganizationId);
        Assert.Equal(LeaseOutcome.Granted, after.Outcome);
        Assert.Equal(0, await own.ReadAsync<long>("select count(*) from ledger_accounts where account = 'operator_loss'"));
        await own.DisposeAsync();
    }

    [Fact]
    public async Task BookAsync_pays_a_forgotten_epoch_with_what_the_backups_older_ones_hold()
    {
        var own = new BillingFixture();
        await own.InitializeAsync();
        var (desk, journals) = (own.App.Services.GetRequiredService<LeaseDesk>(), own.App.Services.GetRequiredService<Journals>());
        var journal = Guid.NewGuid();
        await journals.RegisterAsync(new RegisterJournal(journal, 1, "gateway-1"), default);
        var organization = await own.OpenWalletAsync(1);
        var oldest = await desk.AskAsync(new LeaseRequest(organization, null, 40 * Cent, 0), default);
        var older = await desk.AskAsync(new LeaseRequest(organization, null, 60 * Cent, 0), default); // All of the wallet is leased now.
        await own.ReadAsync<object>("update database_identity set cluster = 'another' returning 1");

        // In what was lost the two were fenced and gave back 90 cents, which a third epoch spent.
        var shipped = await ShipAsync(
            own, journal,
            [
                BillingFixture.Usage(organization, 4711, 0, 600_000), BillingFixture.Usage(organization, oldest.Epoch, 0, 20_000),
                BillingFixture.Usage(organization, older.Epoch, 0, 20_000), // 90 and 3 and 3 cents
            ],
            []);
        var open = await own.ReadAsync<decimal>("select leased from wallets where organization_id = $1", organization);
        await ShipAsync(own, journal, [], shipped.PendingFences);
        var rest = await desk.AskAsync(new LeaseRequest(organization, null, 5 * Cent, 0), default);

        Assert.Equal(0.04m, open);
        Assert.Equal((LeaseOutcome.Exhausted, 4 * Cent), (rest.Outcome, rest.GrantedNanoUsd));
        Assert.Equal(0, await own.ReadAsync<long>("select count(*) from ledger_accounts where account = 'operator_loss'"));
        await own.DisposeAsync();
    }

    [Fact]
    public async Task RunOnceAsync_seals_when_the_database_forgot_a_beat_and_not_before()
    {
        var own = new BillingFixture();
        await own.InitializeAsync();
        var watch = own.App.Services.GetRequiredService<RestoreWatch>();
        await own.OpenWalletAsync(1);
        await watch.RunOnceAsync(default);
        await watch.RunOnceAsync(default);
        var calm = await own.ReadAsync<long>("select count(*) from wallets where sealed_at is not null");

        await own.ReadAsync<object>("update beats set beat = beat - 1 returning 1"); // as a copy of a second ago
        await watch.RunOnceAsync(default);

        Assert.Equal((0, 1), (calm, await own.ReadAsync<long>("select count(*) from wallets where sealed_at is not null")));
        await own.DisposeAsync();
    }

    [Fact]
    public async Task BookAsync_tells_what_older_epochs_billed_from_their_fence_on_until_a_gateway_has_set_its_budgets()
    {
        var own = new BillingFixture();
        await own.InitializeAsync();
        var (desk, journals) = (own.App.Services.GetRequiredService<LeaseDesk>(), own.App.Services.GetRequiredService<Journals>());
        var journal = Guid.NewGuid();
        await journals.RegisterAsync(new RegisterJournal(journal, 1, "gateway-1"), default);
        var organization = await own.OpenWalletAsync(1);
        var lost = await desk.AskAsync(new LeaseRequest(organization, null, 20 * Cent, 0), default);
        var opened = await desk.AskAsync(new LeaseRequest(organization, null, 1 * Cent, 0), default);

        var late = await ShipAsync(
            own, journal,
            [
                BillingFixture.Usage(organization, lost.Epoch, 0, 20_000), // 3 cents of the lost epoch, and 6 of this one.
                BillingFixture.Usage(organization, opened.Epoch, 0, 40_000),
            ],
            []);
        await ShipAsync(own, journal, [], late.PendingFences);
        await own.App.Services.GetRequiredService<FenceReclaim>().RunOnceAsync(default);
        var told = await ShipAsync(own, journal, [], []);
        var (reclaim, budgets) = Assert.Single(told.Reclaims);
        var acknowledged = await ShipAsync(own, journal, [], [], reclaim);

        var month = $"{TimeProvider.System.GetUtcNow():yyyyMM}";
        Assert.Contains(new BudgetSeed("*", month, 20 * Cent), opened.Budgets);
        Assert.Empty(late.Reclaims);
        Assert.Equal(new EpochReclaim(organization, opened.Epoch, 17 * Cent), reclaim);
        Assert.Contains(new BudgetSeed("*", month, 0), budgets);
        Assert.Contains(new BudgetSeed("o", month, 3 * Cent), budgets);
        Assert.Contains(new BudgetSeed("k:000000000000000000000000000000b1", month, 3 * Cent), budgets);
        Assert.Empty(acknowledged.Reclaims);
        await own.DisposeAsync();
    }

    private static async Task<UsageBooked> ShipAsync(
        BillingFixture own, Guid journal, IReadOnlyList<UsageEvent> events, IReadOnlyList<EpochFence> fences,
        params EpochReclaim[] lowered) =>
        (await own.App.Services.GetRequiredService<UsageIngest>().BookAsync(
            new UsageBatch(journal, 1, 0, 0, events, fences) { Lowered = lowered }, default))!;
}
