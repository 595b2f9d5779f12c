using System.Globalization;
using Npgsql;
using Tollgate.Clusters;
using Tollgate.Chaos.Tests.Faults;
using Tollgate.Chaos.Tests.Load;
using Tollgate.Chaos.Tests.Truth;
using Tollgate.Testing;

namespace Tollgate.Chaos.Tests;

/// <summary>
/// Load on a whole cluster while its parts are killed and stopped; then everything comes back, and the books are held against the truth.
/// </summary>
internal sealed class ChaosRun(ChaosOptions options, TextWriter output, TimeProvider clock)
{
    private static readonly TimeSpan ReadyPatience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan CallPatience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(3);

    public async Task<ChaosReport> RunAsync()
    {
        await SayAsync(
            $"seed {options.Seed}, {options.Gateways} gateways, {options.Workers} workers, {options.Duration.TotalSeconds:0} s; "
            + $"data and logs in {options.Folder}");
        await using var cluster = await TollgateCluster.StartAsync(options.Folder, Plan(options));
        using var client = new OperatorClient(cluster.Secrets.Bearers["operator"]);
        var customers = await new CustomerFounding(cluster, client, clock).FoundAsync(options.Duration.TotalMinutes);
        await LoadModel.InstallAllAsync(cluster);
        await LoadModel.InstallSecondVersionsAsync(cluster);
        var prices = new PriceChanges(cluster, client, options.Seed, clock);
        await prices.SetAsync(CallKind.Models);
        var plans = new PlanChanges(cluster, client, options.Seed, clock);
        using var caller = new Caller(clock);
        await caller.AnswerFromEachAsync(cluster, customers[0].Keys[0], ReadyPatience);
        await SayAsync("every gateway answers; load and faults begin");

        var load = new LoadGenerator(cluster, customers, options.Seed, clock);
        var injector = new FaultInjector(cluster, clock);
        var wallets = new WalletWatch(cluster, clock);
        var retirement = new JournalRetirement(cluster, client, clock);
        var tills = new TillLosses(cluster, customers, options.Seed, clock);
        using var settled = new CancellationTokenSource();
        // Until the end: money stays frozen as long as a replaced journal is not retired.
        var retiring = retirement.RunAsync(settled.Token);
        using (var stop = new CancellationTokenSource(options.Duration, clock))
        {
            await Task.WhenAll(
                load.RunAsync(options.Clients, CallPatience, stop.Token), wallets.RunAsync(stop.Token),
                prices.RunAsync(stop.Token), plans.RunAsync(stop.Token), tills.RunAsync(stop.Token),
                injector.RunAsync(FaultPlan.Create(options.Seed, options.Duration, options.Gap, options.Gateways, options.Workers)));
        }

        await load.WriteLogAsync();
        await File.WriteAllLinesAsync(
            cluster.LogFile("faults"),
            injector.Done.OrderBy(done => done.From).Select(done => $"{done.From:O} {done.To:O} {done.Fault.Kind} {done.Process}"));
        await SayAsync(
            $"{load.Records.Count} calls and {injector.Done.Count} faults; waiting until all parts are back and the journals are shipped");
        NpgsqlConnection.ClearAllPools();
        await Task.WhenAll(cluster.Processes.Select(process => process.WaitUntilReadyAsync().WaitAsync(ReadyPatience, clock)));
        await plans.LoadAllAsync();
        await caller.AnswerFromEachAsync(cluster, customers[0].Keys[0], ReadyPatience);
        await SettleAsync(cluster);
        await settled.CancelAsync();
        await retiring;
        return await AuditAsync(
            cluster, client, customers,
            new Happened(load.Records, injector, wallets) { Prices = prices.Done, Plans = plans.Done, Tills = tills.Done });
    }

    /// <summary>
    /// Waits that a run can outlast: a stopped gateway or worker is longer silent than any of them. Segments are small, so that they roll
    /// and a full disk is felt.
    /// </summary>
    private static ClusterPlan Plan(ChaosOptions options) => new()
    {
        Gateways = options.Gateways,
        Workers = options.Workers,
        Breakable = true,
        Environment = new Dictionary<string, IReadOnlyDictionary<string, string>>
        {
            ["gateway"] = new Dictionary<string, string>
            {
                ["TOLLGATE__Journal__SegmentBytes"] = FillableDisk.SegmentBytes.ToString(CultureInfo.InvariantCulture),
                ["TOLLGATE__Forwarding__FirstEventTimeout"] = "00:00:20",

                // Work without an answer is billed beyond an allowance: with one that is never used up, the books' rule is that it costs
                // nothing.
                ["TOLLGATE__Forwarding__ForgivenTokensPerMinute"] = "1000000000",
                ["TOLLGATE__Forwarding__IdleTimeout"] = "00:00:10",
                ["TOLLGATE__Forwarding__ClientStallTimeout"] = "00:00:10",
                ["TOLLGATE__Sweeper__SilentAfter"] = "00:00:05",
                ["TOLLGATE__Sweeper__PassEvery"] = "00:00:02",
            },
            ["billing"] = new Dictionary<string, string>
            {
                ["TOLLGATE__Leases__SealFor"] = "00:00:03",
                ["TOLLGATE__Witness__Every"] = "00:00:02",
            },
        },
    };

    private async Task<ChaosReport> AuditAsync(
        TollgateCluster cluster, OperatorClient client, IReadOnlyList<Customer> customers, Happened happened)
    {
        var rows = await BilledRow.ReadAllAsync(cluster.PostgresConnection);
        var witnesses = await Witnesses.ReadAsync(cluster, client);
        var audit = new CallAudit(happened.Calls, rows, witnesses, happened.Injector.Done);
        List<Violation> violations =
        [
            .. audit.Check(), .. await Books.CheckAsync(cluster.PostgresConnection),
            .. await Tills.CheckAsync(cluster, customers),
            .. await LogScan.CheckAsync(
                cluster, customers, happened.Injector.Done.Count(done => done.Fault.Kind == FaultKind.RestorePostgres)),
            .. happened.Injector.SelfExits.Select(exit => new Violation("no part ends by itself", exit)),
        ];
        if (happened.Wallets.Least < 0)
        {
            violations.Add(new Violation(
                Books.Invariants.First(), $"{happened.Wallets.Least} at one of {happened.Wallets.Looks} looks during the load"));
        }

        var report = new ChaosReport(
            options, happened, new Billed(rows, witnesses), audit, violations, LogScan.CountErrors(cluster));
        await File.WriteAllTextAsync(Path.Combine(options.Folder, "report.txt"), report.ToString());
        return report;
    }

    /// <summary>
    /// Until no journal moves any more, every gateway speaks to Billing, and no wallet waits for a fence. A fence that stays is a finding
    /// of the audit.
    /// </summary>
    private async Task SettleAsync(TollgateCluster cluster)
    {
        const string StateSql =
            """
            select (select count(*) from billing.usage_events) || ' '
              || (select count(*) from billing.wallets where fence_epoch is not null) || ' '
              || (select count(*) from billing.journals where deregistered_at is null and last_seen < now() - interval '5 seconds')
              || ' '
              || (select coalesce(string_agg(cursor::text, ',' order by id), '') from billing.journals)
            """;
        var (last, since, started) = ("", clock.GetTimestamp(), clock.GetTimestamp());
        await Until.TrueAsync(
            async () =>
            {
                await Task.Delay(TimeSpan.FromMilliseconds(200), clock);
                var state = (await Books.ReadTextAsync(cluster.PostgresConnection, StateSql))[0];
                if (state != last)
                {
                    (last, since) = (state, clock.GetTimestamp());
                }

                var patient = clock.GetElapsedTime(started) < ReadyPatience / 2;
                return clock.GetElapsedTime(since) > Quiet && (!patient || (state.Split(' ') is [_, "0", "0", ..]));
            },
            "the journals are shipped",
            ReadyPatience);
    }

    private Task SayAsync(string line) => output.WriteLineAsync(line);
}

/// <summary>What load and faults left behind.</summary>
internal sealed record Happened(IReadOnlyCollection<CallRecord> Calls, FaultInjector Injector, WalletWatch Wallets)
{
    /// <summary>Prices that were set.</summary>
    public int Prices { get; init; }

    /// <summary>Orders about versions that were taken.</summary>
    public int Plans { get; init; }

    /// <summary>Tills that were taken away.</summary>
    public int Tills { get; init; }
}

/// <summary>What Billing and the workers say.</summary>
internal sealed record Billed(IReadOnlyList<BilledRow> Rows, Witnesses Witnesses);
