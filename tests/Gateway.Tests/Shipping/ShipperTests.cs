using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Money;
using Tollgate.Contracts.Usage;
using Tollgate.Gateway.Accounting;
using Tollgate.Gateway.Journal;
using Tollgate.Gateway.Shipping;
using Tollgate.Gateway.Tests.Admission;
using Tollgate.Gateway.Tests.Journal;
using Tollgate.Gateway.Till;
using Tollgate.Testing;

namespace Tollgate.Gateway.Tests.Shipping;

public sealed class ShipperTests : IAsyncLifetime
{
    private MoneyBench _bench = null!;

    public async Task InitializeAsync() => _bench = await MoneyBench.StartAsync();

    public async Task DisposeAsync() => await _bench.DisposeAsync();

    [Fact]
    public async Task Ended_requests_become_rows_and_the_cursor_waits_for_running_ones()
    {
        var gateway = await _bench.StartGatewayAsync();
        var (key, text) = await _bench.AddOrganizationAsync();
        var caller = await gateway.CallerAsync(text);
        var journal = gateway.Get<JournalFile>();
        var running = (await gateway.AdmitAsync(caller, money: 10)).Ticket!;
        var ended = (await gateway.AdmitAsync(caller, money: 10)).Ticket!;
        ended.StartAttempt(1);
        ended.Close(Outcome.Completed, new Units(5, Output: 1), 1);

        await Until.TrueAsync(() => _bench.Billing.Rows.Count == 1, "the row is shipped");

        var row = _bench.Billing.Rows.Single();
        Assert.Equal(
            (ended.RequestId, key.OrganizationId, key.ProjectId, key.KeyId), (row.RequestId, row.OrganizationId, row.ProjectId, row.KeyId));
        Assert.Equal(("tiny-assistant", "chat.completions", true, 1, 1L), (row.Model, row.Endpoint, row.Streamed, row.Attempt, row.Epoch));
        Assert.Equal((new Units(5, Output: 1), 1L, Outcome.Completed), (row.Units, row.Delivered, row.Outcome));
        var opened = OpenPosition(journal, running.RequestId); // What the journal wrote for itself before may be behind the cursor.
        Assert.True(_bench.Billing.Cursor(journal.Id) <= opened);

        running.Close(Outcome.Completed, new Units(5, Output: 1), 1);
        await Until.TrueAsync(
            () => _bench.Billing.Cursor(journal.Id) > opened && _bench.Billing.Rows.Count == 2, "the cursor moves on");
    }

    private static long OpenPosition(JournalFile journal, Guid requestId)
    {
        var reader = new JournalReader(journal, journal.Beginning);
        while (reader.Read())
        {
            if (reader.Type == RecordType.Open && new RecordReader(reader.Payload).Guid() == requestId)
            {
                return reader.RecordPosition;
            }
        }

        throw new InvalidOperationException("The request was never opened.");
    }

    [Fact]
    public async Task Usage_waits_while_Billing_is_away_and_comes_once()
    {
        var gateway = await _bench.StartGatewayAsync();
        var (_, text) = await _bench.AddOrganizationAsync();
        var caller = await gateway.CallerAsync(text);
        await CloseAsync(gateway, caller, 1);
        _bench.Billing.IsAway = true;

        await CloseAsync(gateway, caller, 20);
        _bench.Billing.IsAway = false;

        await Until.TrueAsync(() => _bench.Billing.Rows.Count == 21, "all rows are shipped");
        Assert.Equal(0, _bench.Billing.Duplicates);
    }

    [Fact]
    public async Task A_backlog_of_several_batches_comes_once_in_order_and_the_cursor_waits_at_what_runs()
    {
        const int Ended = (2 * Shipper.MostEvents) + 700;
        var gateway = await _bench.StartGatewayAsync(null, "--Journal:SegmentBytes=16777216");
        var journal = gateway.Get<JournalFile>();
        await Until.TrueAsync(() => _bench.Billing.Cursor(journal.Id) is not null, "the journal is registered");
        _bench.Billing.IsAway = true;
        var requests = new RequestJournal(journal, new Settlements(), TimeProvider.System); // Whose holds nobody settles.
        List<Guid> ended = [];
        AdmittedRequest running = null!;
        for (var i = 0; i < Ended; i++)
        {
            if (i == Shipper.MostEvents + 50)
            {
                running = JournalFileTests.Admit(requests); // In the middle of the second batch.
            }

            ended.Add(Close(requests, JournalFileTests.Admit(requests)));
        }

        _bench.Billing.IsAway = false;
        await Until.TrueAsync(() => _bench.Billing.Rows.Count == Ended, "all that ended is shipped");
        var waiting = _bench.Billing.Cursor(journal.Id)!.Value;
        ended.Add(Close(requests, running));
        await Until.TrueAsync(() => _bench.Billing.Cursor(journal.Id) == journal.End, "the cursor moves to the end");

        Assert.Equal(ended, _bench.Billing.Rows.Select(row => row.RequestId));
        Assert.Equal(0, _bench.Billing.Duplicates);
        Assert.InRange(waiting, 1, journal.End - 1);
        Assert.True(_bench.Billing.IsUnbroken, "each batch begins where the one before it ended");
    }

    private static Guid Close(RequestJournal requests, AdmittedRequest request)
    {
        requests.Close(
            request, new RequestEnd(Outcome.Completed, 1, UsageSource.Gateway, request.AdmittedAt, 1, new Units(5, Output: 1)));
        return request.RequestId;
    }

    [Fact]
    public async Task A_killed_gateways_running_request_is_billed_by_the_next_start_and_its_hold_goes()
    {
        var gateway = await _bench.StartGatewayAsync();
        var (key, text) = await _bench.AddOrganizationAsync();
        var caller = await gateway.CallerAsync(text);
        var ticket = (await gateway.AdmitAsync(caller, money: 10)).Ticket!;
        ticket.Progress(new Units(5, Output: 1));
        var copy = CopyOfJournal(gateway.Folder); // As kill -9 leaves it: the request is not closed.
        ticket.Dispose();

        await gateway.StopAsync();
        await _bench.Redis.ExecuteAsync("PING");
        var next = await _bench.StartGatewayAsync(copy);
        await Until.TrueAsync(() => _bench.Billing.Rows.Any(row => row.RequestId == ticket.RequestId), "the row is shipped");
        await next.SettleAsync();

        Assert.Single(_bench.Billing.Rows, row => row.RequestId == ticket.RequestId);
        Assert.Equal(0, await _bench.HoldsAsync(key.OrganizationId));
    }

    [Fact]
    public async Task Fences_are_acknowledged_when_nothing_older_runs_and_older_epochs_admit_no_more()
    {
        var gateway = await _bench.StartGatewayAsync();
        var (key, text) = await _bench.AddOrganizationAsync();
        var caller = await gateway.CallerAsync(text);
        var running = (await gateway.AdmitAsync(caller, money: 10)).Ticket!;
        var fence = new EpochFence(key.OrganizationId, 2);
        _bench.Billing.PendingFences = [fence];
        await Until.TrueAsync(() => !gateway.Get<LeaseGate>().Permits(key.OrganizationId, 1), "the fence is known");
        var taken = _bench.Billing.BatchesTaken;
        await Until.TrueAsync(() => _bench.Billing.BatchesTaken > taken + 1, "another batch went");

        var early = _bench.Billing.Acknowledged;
        var younger = await gateway.AdmitAsync(caller, money: 10);
        running.Close(Outcome.Completed, new Units(5, Output: 1), 1);
        await Until.TrueAsync(() => _bench.Billing.Acknowledged.Contains(fence), "the fence is acknowledged");

        Assert.Empty(early);
        Assert.NotNull(younger.Ticket);
        // The older epoch's till is closed for good.
        Assert.Equal(new long[] { 2, 1_000_000, 0, 10 }, await _bench.TillAsync(key.OrganizationId));
    }

    [Fact]
    public async Task Lowered_budgets_are_acknowledged_once_the_till_is_of_their_epoch()
    {
        var gateway = await _bench.StartGatewayAsync();
        var reclaim = new EpochReclaim(Guid.NewGuid(), 7, 30);
        _bench.Billing.Reclaims = [new ExactBudgets(reclaim, [new BudgetSeed("*", "202611", 20)])];
        var taken = _bench.Billing.BatchesTaken;
        await Until.TrueAsync(() => _bench.Billing.BatchesTaken > taken + 1, "it was told before the till was credited");

        var early = _bench.Billing.Reclaims;
        await gateway.Get<LeaseKeeper>().CreditAsync(
            reclaim.OrganizationId, new Lease(LeaseOutcome.Granted, 7, 500, [new BudgetSeed("*", "202611", 50)], 0), opens: true);
        await Until.TrueAsync(() => _bench.Billing.Reclaims.Count == 0, "the reclaim is acknowledged");

        Assert.Equal(reclaim, Assert.Single(early).Reclaim);
        Assert.Equal("202611 20 0", await _bench.FieldAsync(reclaim.OrganizationId, "g:m:*"));
    }

    [Fact]
    public async Task A_restored_database_is_told_everything_before_money_is_leased()
    {
        var gateway = await _bench.StartGatewayAsync();
        var (_, text) = await _bench.AddOrganizationAsync();
        var caller = await gateway.CallerAsync(text);
        await CloseAsync(gateway, caller, 5);
        await Until.TrueAsync(() => _bench.Billing.Rows.Count == 5, "all rows are shipped");

        _bench.Billing.Restore("1/2");

        await Until.TrueAsync(() => gateway.Get<JournalFile>().Shipped.Read().Database == "1/2", "the database was told everything");
        Assert.Equal(5, _bench.Billing.Rows.Count);
        Assert.True(gateway.Get<LeaseGate>().IsOpen);
    }

    [Fact]
    public async Task A_journal_that_Billing_knows_from_a_later_boot_starts_anew_and_ships_all_again()
    {
        var first = await _bench.StartGatewayAsync();
        var (_, text) = await _bench.AddOrganizationAsync();
        await CloseAsync(first, await first.CallerAsync(text), 3);
        await Until.TrueAsync(() => _bench.Billing.Rows.Count == 3, "all rows are shipped");
        var old = first.Get<JournalFile>().Id;
        await first.StopAsync();
        _bench.Billing.SetBoot(old, 99);

        var second = await _bench.StartGatewayAsync(first.Folder);

        await Until.TrueAsync(() => _bench.Billing.Duplicates == 3, "all rows are shipped again");
        Assert.NotEqual(old, second.Get<JournalFile>().Id);
        Assert.Equal(3, _bench.Billing.Rows.Count);
    }

    [Fact]
    public async Task The_newest_state_of_the_database_is_shown_with_each_call_and_over_a_restart()
    {
        _bench.Billing.NewestBeat = "database process 4711";
        var first = await _bench.StartGatewayAsync();
        await Until.TrueAsync(() => _bench.Billing.ShownBeat == "database process 4711", "it is shown");
        var journal = first.Get<JournalFile>().Id;
        await first.StopAsync();
        _bench.Billing.NewestBeat = "";

        await _bench.StartGatewayAsync(first.Folder);

        await Until.TrueAsync(() => _bench.Billing.IsRegistered(journal), "the second start registers");
        Assert.Equal("database process 4711", _bench.Billing.ShownBeat);
    }

    [Fact]
    public async Task An_older_copy_is_noticed_although_its_start_writes_beyond_the_cursor()
    {
        var first = await _bench.StartGatewayAsync();
        var (_, text) = await _bench.AddOrganizationAsync();
        await CloseAsync(first, await first.CallerAsync(text), 3);
        await Until.TrueAsync(() => _bench.Billing.Rows.Count == 3, "all rows are shipped");
        var journal = first.Get<JournalFile>();
        var old = journal.Id;
        var copy = CopyOfJournal(first.Folder);
        var end = journal.End;
        await first.StopAsync();
        _bench.Billing.SetBoot(old, journal.Boot, cursor: end + 1); // One byte more than the copy has; the start itself writes more.

        var second = await _bench.StartGatewayAsync(copy);

        await Until.TrueAsync(() => _bench.Billing.Duplicates == 3, "all rows are shipped again");
        Assert.NotEqual(old, second.Get<JournalFile>().Id);
    }

    [Fact]
    public async Task An_older_copy_is_noticed_by_a_hold_that_it_does_not_know_although_Billing_booked_nothing_of_it()
    {
        var first = await _bench.StartGatewayAsync();
        var (key, text) = await _bench.AddOrganizationAsync();
        var caller = await first.CallerAsync(text);
        await CloseAsync(first, caller, 3);
        await Until.TrueAsync(() => _bench.Billing.Rows.Count == 3, "all rows are shipped");
        var old = first.Get<JournalFile>().Id;
        var known = (await first.AdmitAsync(caller, money: 10)).Ticket!; // Runs while the copy is made.
        var copy = CopyOfJournal(first.Folder);
        _bench.Billing.IsAway = true;
        _ = (await first.AdmitAsync(caller, money: 10)).Ticket!;
        var second = await _bench.StartGatewayAsync(copy);
        await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System);
        Assert.Equal(old, second.Get<JournalFile>().Id);

        _bench.Billing.IsAway = false;

        await Until.TrueAsync(() => second.Get<JournalFile>().Id != old, "it goes on under a new identity");
        await Until.TrueAsync(() => _bench.Billing.Rows.Any(row => row.RequestId == known.RequestId), "what the copy knows is billed");
        Assert.Equal(1, await _bench.HoldsAsync(key.OrganizationId));
    }

    [Fact]
    public async Task A_folder_that_knows_all_its_holds_keeps_its_identity_while_requests_come_and_go()
    {
        var first = await _bench.StartGatewayAsync();
        var (_, text) = await _bench.AddOrganizationAsync();
        var running = (await first.AdmitAsync(await first.CallerAsync(text), money: 10)).Ticket!;
        var copy = CopyOfJournal(first.Folder);
        var old = first.Get<JournalFile>().Id;
        var second = await _bench.StartGatewayAsync(copy);
        var caller = await second.CallerAsync(text);

        for (var round = 0; round < 200; round++)
        {
            await CloseAsync(second, caller, 1);
        }

        await Until.TrueAsync(() => _bench.Billing.Rows.Count == 201, "all rows are shipped");
        await second.SettleAsync();
        Assert.False(await second.Get<ForgottenHolds>().AnyAsync(CancellationToken.None));
        Assert.Equal(old, second.Get<JournalFile>().Id);
        Assert.Contains(_bench.Billing.Rows, row => row.RequestId == running.RequestId);
    }

    [Fact]
    public async Task StopAsync_ships_everything_and_deregisters()
    {
        var gateway = await _bench.StartGatewayAsync();
        var (_, text) = await _bench.AddOrganizationAsync();
        await CloseAsync(gateway, await gateway.CallerAsync(text), 7);
        var journalId = gateway.Get<JournalFile>().Id;

        await gateway.StopAsync();

        Assert.Equal(7, _bench.Billing.Rows.Count);
        Assert.False(_bench.Billing.IsRegistered(journalId));
    }

    [Fact]
    public async Task StopAsync_ships_a_backlog_and_what_ended_since_its_last_batch_was_read()
    {
        const int Ended = Shipper.MostEvents + 300;
        var gateway = await _bench.StartGatewayAsync(null, "--Journal:SegmentBytes=16777216");
        var journal = gateway.Get<JournalFile>();
        await Until.TrueAsync(() => _bench.Billing.Cursor(journal.Id) is not null, "the journal is registered");
        _bench.Billing.IsAway = true;
        var requests = new RequestJournal(journal, new Settlements(), TimeProvider.System);
        for (var i = 0; i < Ended; i++)
        {
            Close(requests, JournalFileTests.Admit(requests));
        }

        var asked = _bench.Billing.BatchesAsked;
        await Until.TrueAsync(() => _bench.Billing.BatchesAsked > asked + 1, "a full batch is refused, and the rest read ahead");
        Close(requests, JournalFileTests.Admit(requests));
        _bench.Billing.IsAway = false;

        await gateway.StopAsync();

        Assert.Equal(Ended + 1, _bench.Billing.Rows.Count);
        Assert.False(_bench.Billing.IsRegistered(journal.Id));
    }

    private static async Task CloseAsync(MoneyGateway gateway, Gateway.Authentication.Caller caller, int requests)
    {
        for (var i = 0; i < requests; i++)
        {
            var result = await gateway.AdmitAsync(caller, money: 10);
            result.Ticket!.Close(Outcome.Completed, new Units(5, Output: 1), 1);
        }
    }

    private static string CopyOfJournal(string folder)
    {
        var copy = TestFolder.Create("journal");
        foreach (var segment in Directory.GetFiles(folder, "*.seg"))
        {
            File.Copy(segment, Path.Combine(copy, Path.GetFileName(segment)));
        }

        return copy;
    }
}
