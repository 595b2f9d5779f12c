using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Billing.Ingest;
using Tollgate.Billing.Leases;
using Tollgate.Billing.Witness;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Money;
using Tollgate.Contracts.Usage;
using Tollgate.Contracts.Workers;
using Tollgate.Testing;

namespace Tollgate.Billing.Tests.Witness;

/// <summary>R2 over a real Postgres and real HTTP to a worker's log.</summary>
public sealed class WitnessReconciliationTests : IAsyncLifetime
{
    private readonly BillingFixture _billing = new();
    private WorkerLogResponder _worker = null!;
    private WebApplication _app = null!;

    private UsageIngest Ingest => _app.Services.GetRequiredService<UsageIngest>();

    private LeaseDesk Desk => _app.Services.GetRequiredService<LeaseDesk>();

    private Journals Journals => _app.Services.GetRequiredService<Journals>();

    public async Task InitializeAsync()
    {
        await _billing.InitializeAsync();
        _worker = await WorkerLogResponder.StartAsync();
        _app = BillingApp.Create(
        [
            "--Listen:Internal=http://127.0.0.1:0", TestBearers.Argument("billing"),
            $"--Postgres:ConnectionString={_billing.ConnectionString}", "--Leases:SealFor=00:00:00", $"--Witness:Workers:0={_worker.Url}",
            "--Witness:Patience=00:00:00",
        ]);
    }

    public async Task DisposeAsync()
    {
        await _app.DisposeAsync();
        await _worker.DisposeAsync();
        await _billing.DisposeAsync();
    }

    [Fact]
    public async Task RunAsync_finds_each_kind_of_difference_and_nothing_else()
    {
        var organization = await _billing.OpenWalletAsync(10);
        var epoch = (await Desk.AskAsync(new LeaseRequest(organization, null, 1_000_000_000, 0), default)).Epoch;
        var now = TimeProvider.System.GetUtcNow().AddMinutes(-5);
        var all = Enumerable.Range(0, 8).Select(_ => BillingFixture.Usage(organization, epoch, 10, 20) with { FinishedAt = now }).ToArray();
        var (same, less, more, retried, unwitnessed, unbilled, later, capped) = (
            all[0], all[1], all[2], all[3] with { Attempt = 2 }, all[4], all[5], all[6], all[7]);
        var died = BillingFixture.Usage(organization, epoch, 10, 20) with { FinishedAt = now, Outcome = Outcome.FailedAfterFirstToken };
        _worker.Add(same, 1, new Units(10, Output: 20));
        _worker.Add(less, 1, new Units(10, Output: 25)); // Generated, but not delivered.
        _worker.Add(more, 1, new Units(10, Output: 19));
        _worker.Add(retried, 1, new Units(10, Output: 1));
        _worker.Add(retried, 2, new Units(10, Output: 20));
        _worker.Add(unbilled, 1, new Units(10, Output: 20));
        _worker.Add(later, 2, new Units(10, Output: 20));
        _worker.Add(capped, 1, new Units(31, Output: 20)); // Its hold paid for 10 prompt tokens.

        await ShipAsync(Guid.NewGuid(), [same, less, more, retried, unwitnessed, later, capped, died]);
        await RunAsync();
        await RunAsync();

        Assert.Equal(
            [("billed_above_generated", more.RequestId, "billing"), ("no_row", unbilled.RequestId, "gateway"),
                ("no_witness", unwitnessed.RequestId, "worker"), ("unknown_attempt", later.RequestId, "gateway"),
                ("used_above_hold", capped.RequestId, "gateway")],
            await OpenAsync());
        Assert.Equal(
            5, await _billing.ReadAsync<long>("select differences from reconciliation_runs where name = 'R2' order by started_at limit 1"));
    }

    [Fact]
    public async Task RunAsync_closes_a_difference_when_the_missing_record_comes()
    {
        var organization = await _billing.OpenWalletAsync(10);
        var epoch = (await Desk.AskAsync(new LeaseRequest(organization, null, 1_000_000_000, 0), default)).Epoch;
        var now = TimeProvider.System.GetUtcNow().AddMinutes(-5);
        var (late, other) = (BillingFixture.Usage(organization, epoch, 1, 2) with { FinishedAt = now },
            BillingFixture.Usage(organization, epoch, 1, 2) with { FinishedAt = now });
        _worker.Add(late, 1, new Units(1, Output: 2));
        await ShipAsync(Guid.NewGuid(), [other]);
        await RunAsync();
        var before = await OpenAsync();

        _worker.LoseLog(); // What was read of the old one stays; the new one is read from its start.
        _worker.Add(other, 1, new Units(1, Output: 2));
        await ShipAsync(Guid.NewGuid(), [late]);
        await RunAsync();

        Assert.Equal([("no_row", late.RequestId, "gateway"), ("no_witness", other.RequestId, "worker")], before);
        Assert.Empty(await OpenAsync());
    }

    [Fact]
    public async Task RunAsync_bills_the_requests_of_a_retired_journal_once_all_others_acknowledged()
    {
        var (dead, living) = (Guid.NewGuid(), Guid.NewGuid());
        await Journals.RegisterAsync(new RegisterJournal(dead, 1, "gateway-1"), default);
        await Journals.RegisterAsync(new RegisterJournal(living, 1, "gateway-2"), default);
        var organization = await _billing.OpenWalletAsync(1);
        var lease = await Desk.AskAsync(new LeaseRequest(organization, null, 900_000_000, 0), default);
        var lost = BillingFixture.Usage(organization, lease.Epoch, 0, 0);
        var running = BillingFixture.Usage(organization, lease.Epoch, 0, 100_000);
        _worker.Add(lost, 1, new Units(0, Output: 3)); // Broken off, then tried elsewhere.
        _worker.Add(lost, 2, new Units(0, Output: 200_000)); // 0.30 dollars
        _worker.Add(running, 1, new Units(0, Output: 100_000)); // 0.15 dollars; the living gateway has not shipped it yet.

        await RunAsync();
        var unretired = await RowsAsync(organization);
        await Journals.RetireAsync(dead, default);
        await Journals.RetireAsync(dead, default);
        await RunAsync();
        var open = await RowsAsync(organization); // The living gateway may yet bring them.
        var pending = (await ShipAsync(living, [running])).PendingFences;
        await ShipAsync(living, [], pending);
        await RunAsync();
        await RunAsync();
        await ReturnAsync();
        var closed = await RowsAsync(organization);
        var balance = await BalanceAsync(organization);
        var own = lost with { Attempt = 2, Units = new Units(0, Output: 5), Delivered = 5 };
        var back = await ShipAsync(dead, [own]); // It was not lost after all.
        var again = await ShipAsync(dead, [own, own]);
        await RunAsync();

        Assert.Equal((0, 0, 2), (unretired, open, closed));
        Assert.Equal(organization, Assert.Single(pending).OrganizationId);
        Assert.Equal((0, 1, 0, 2), (back.Inserted, back.Duplicates, again.Inserted, again.Duplicates));
        Assert.Equal(4, await RowsAsync(organization)); // The worker's row, taken back, and the gateway's; and the other request's.
        Assert.Equal(
            0.3m,
            await _billing.ReadAsync<decimal>(
                "select amount from usage_events where request_id = $1 and source = 2 and attempt = 2 and seq = 0", lost.RequestId));
        Assert.Equal(0.55m, balance);
        Assert.Equal(0.8499925m, await BalanceAsync(organization)); // 0.30 came back; 5 tokens cost 0.0000075.
        Assert.Equal(0m, await _billing.ReadAsync<decimal>("select leased from wallets where organization_id = $1", organization));
        Assert.Empty(await OpenAsync());
    }

    [Fact]
    public async Task RunOnceAsync_returns_a_retired_journals_money_only_when_the_logs_have_told_what_it_lost()
    {
        var (dead, living) = (Guid.NewGuid(), Guid.NewGuid());
        await Journals.RegisterAsync(new RegisterJournal(dead, 1, "gateway-1"), default);
        await Journals.RegisterAsync(new RegisterJournal(living, 1, "gateway-2"), default);
        var organization = await _billing.OpenWalletAsync(1);
        var lease = await Desk.AskAsync(new LeaseRequest(organization, null, 1_000_000_000, 0), default);
        var lost = BillingFixture.Usage(organization, lease.Epoch, 0, 0);
        _worker.Add(lost, 1, new Units(0, Output: 200_000)); // 0.30 dollars, of which no gateway will ever tell.

        await Journals.RetireAsync(dead, default);
        await ShipAsync(living, [], (await ShipAsync(living, [])).PendingFences);
        await _app.Services.GetRequiredService<FenceReclaim>().RunOnceAsync(default);
        var unread = await LeasedAsync(organization);
        await _app.Services.GetRequiredService<RetiredJournals>().RunOnceAsync(default);
        var unsure = await Desk.AskAsync(new LeaseRequest(organization, null, 700_000_000, 0), default); // It may still have been running.
        await _app.Services.GetRequiredService<RetiredJournals>().RunOnceAsync(default);
        await ShipAsync(living, [], (await ShipAsync(living, [])).PendingFences);
        var rest = await Desk.AskAsync(new LeaseRequest(organization, unsure.Epoch, 800_000_000, 0), default);

        Assert.Equal(1m, unread);
        Assert.Equal(LeaseOutcome.Frozen, unsure.Outcome);
        Assert.Equal((LeaseOutcome.Exhausted, 700_000_000), (rest.Outcome, rest.GrantedNanoUsd)); // What is left of a dollar after 0.30.
        Assert.Equal(0, await _billing.ReadAsync<long>("select count(*) from ledger_accounts where account = 'operator_loss'"));
    }

    [Fact]
    public async Task RunOnceAsync_returns_the_money_after_a_while_when_a_log_cannot_be_read()
    {
        await using var app = BillingApp.Create(
        [
            "--Listen:Internal=http://127.0.0.1:0", TestBearers.Argument("billing"),
            $"--Postgres:ConnectionString={_billing.ConnectionString}", "--Witness:Workers:0=http://127.0.0.1:9",
            "--Witness:RetiredWait=00:00:00.001",
        ]);
        var dead = Guid.NewGuid();
        await Journals.RegisterAsync(new RegisterJournal(dead, 1, "gateway-1"), default);
        var organization = await _billing.OpenWalletAsync(1);
        await Desk.AskAsync(new LeaseRequest(organization, null, 1_000_000_000, 0), default);
        await Journals.RetireAsync(dead, default);

        await app.Services.GetRequiredService<RetiredJournals>().RunOnceAsync(default);
        await _app.Services.GetRequiredService<FenceReclaim>().RunOnceAsync(default);
        var waits = await LeasedAsync(organization);
        await Task.Delay(5);
        await app.Services.GetRequiredService<RetiredJournals>().RunOnceAsync(default);
        await _app.Services.GetRequiredService<FenceReclaim>().RunOnceAsync(default);

        Assert.Equal((1m, 0m), (waits, await LeasedAsync(organization)));
    }

    [Fact]
    public async Task RunAsync_reads_workers_that_registered_and_waits_for_one_whose_log_it_has_not_read()
    {
        await using var accounts = await DirectoryResponder.StartAsync();
        await using var app = BillingApp.Create(
        [
            "--Listen:Internal=http://127.0.0.1:0", TestBearers.Argument("billing"),
            $"--Postgres:ConnectionString={_billing.ConnectionString}", "--Witness:Patience=00:00:00",
            $"--Services:accounts={accounts.Url}",
        ]);
        var (logs, registry) = (app.Services.GetRequiredService<WorkerLogs>(), app.Services.GetRequiredService<WorkerLogDirectory>());
        var usage = BillingFixture.Usage(await _billing.OpenWalletAsync(10), 1, 10, 20);
        _worker.Add(usage, 1, new Units(10, Output: 20));
        const string Away = "http://127.0.0.1:9";

        var unlisted = await logs.ReadAllAsync(default);
        accounts.Directory.Publish(new WorkerDirectory([Registered("one", _worker.Url)]));
        await registry.StartAsync(default);
        await registry.WaitForFirstAsync(default);
        var read = await logs.ReadAllAsync(default);
        var left = new WorkerLogEnd(_worker.LogId, 10);
        var stopped = await ShowAsync(Registered("one", Away) with { Left = left });
        var unread = await ShowAsync(Registered("one", Away) with { Left = left with { Position = 11 } });
        var successor = await ShowAsync(Registered("one", _worker.Url) with { Left = new WorkerLogEnd(Guid.NewGuid(), 5) });
        var silent = await ShowAsync(Registered("one", Away));
        await registry.StopAsync(default);

        Assert.Equal((false, true), (unlisted, read));
        Assert.Equal(1, await _billing.ReadAsync<long>("select count(*) from witness_entries where request_id = $1", usage.RequestId));
        Assert.True(stopped, "Its log was read to the end before it left.");
        Assert.Equal((false, false, false), (unread, successor, silent));

        async Task<bool> ShowAsync(RegisteredWorker worker)
        {
            accounts.Directory.Publish(new WorkerDirectory([worker]));
            await Testing.Until.TrueAsync(() => registry.Current!.Workers[0] == worker, "the directory has come");
            return await logs.ReadAllAsync(default);
        }
    }

    private static RegisteredWorker Registered(string id, string url) => new(id, url, Drained: false, Stopping: false, Left: null);

    private Task RunAsync() => _app.Services.GetRequiredService<WitnessReconciliation>().RunAsync(isWide: true, default);

    /// <summary>Reads what retired journals lost, twice as it must be, and returns the money of older epochs.</summary>
    private async Task ReturnAsync()
    {
        await _app.Services.GetRequiredService<RetiredJournals>().RunOnceAsync(default);
        await _app.Services.GetRequiredService<RetiredJournals>().RunOnceAsync(default);
        await _app.Services.GetRequiredService<FenceReclaim>().RunOnceAsync(default);
    }

    private Task<decimal> LeasedAsync(Guid organization) =>
        _billing.ReadAsync<decimal>("select leased from wallets where organization_id = $1", organization);

    private Task<decimal> BalanceAsync(Guid organization) =>
        _billing.ReadAsync<decimal>("select balance from wallets where organization_id = $1", organization);

    private Task<long> RowsAsync(Guid organization) =>
        _billing.ReadAsync<long>("select count(*) from usage_events where organization_id = $1", organization);

    private async Task<UsageBooked> ShipAsync(Guid journal, IReadOnlyList<UsageEvent> events, IReadOnlyList<EpochFence>? fences = null) =>
        (await Ingest.BookAsync(new UsageBatch(journal, 1, 0, 0, events, fences ?? []), default))!;

    private async Task<List<(string Kind, Guid Request, string Owner)>> OpenAsync()
    {
        await using var command = _billing.Everything.CreateCommand(
            "select kind, request_id, owner from reconciliation_differences where resolved_at is null order by kind");
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<(string, Guid, string)>();
        while (await reader.ReadAsync())
        {
            rows.Add((reader.GetString(0), reader.GetGuid(1), reader.GetString(2)));
        }

        return rows;
    }
}
