using System.Globalization;
using System.Net;
using System.Text;
using Tollgate.Benchmarks.Comparison;
using Tollgate.Benchmarks.Machine;
using Tollgate.Clusters;
using Tollgate.LocalServers;

namespace Tollgate.Benchmarks.Ingest;

/// <summary>What the ingest came to.</summary>
internal sealed record IngestReport(MachineFacts Machine, IngestPlan Plan, StreamResult Stream, BacklogResult? Backlog)
{
    private const int LongBacklog = 1_200_000;
    private const double Wanted = 20_000;
    private static readonly TimeSpan LongestWanted = TimeSpan.FromSeconds(90);

    public string Write()
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"machine: {Machine}");
        var table = new TextTable("ingest", "events", "seconds", "events/s", "wanted");
        table.Add(
            "one stream of batches into Billing", Number(Stream.Events), Seconds(Stream.Elapsed), Number(Stream.PerSecond),
            Stream.PerSecond >= Wanted ? "20,000: ok" : "20,000: SHORT");
        if (Backlog is not null)
        {
            table.Add(
                "a gateway's backlog after Billing was away", Number(Backlog.Booked), Seconds(Backlog.Elapsed), Number(Backlog.PerSecond),
                "");
            var whole = TimeSpan.FromSeconds(LongBacklog / Backlog.PerSecond);
            table.Add(
                "1.2 M events at that pace", Number(LongBacklog), Seconds(whole), Number(Backlog.PerSecond),
                whole <= LongestWanted ? "90 s: ok" : "90 s: SHORT");
        }

        table.WriteTo(text, "Ingest");
        text.AppendLine().AppendLine(
            CultureInfo.InvariantCulture,
            $"batch of {Plan.Batch:N0}: p50 {Stream.Batches.Microseconds(0.5) / 1000:0} ms, "
            + $"p99 {Stream.Batches.Microseconds(0.99) / 1000:0} ms");
        text.AppendLine(CultureInfo.InvariantCulture, $"CPU per event, stream: {PerEvent(Stream.Cpu, Stream.Events)}");
        if (Backlog is not null)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"CPU per event, backlog: {PerEvent(Backlog.Cpu, Backlog.Booked)}");
            text.AppendLine(CultureInfo.InvariantCulture, $"backlog: {Backlog.Requests:N0} requests answered, {Backlog.Booked:N0} rows");
        }

        return text.ToString();
    }

    private static string PerEvent(IReadOnlyDictionary<string, double> cpu, long events) => string.Join(
        ", ", cpu.Select(part => string.Create(CultureInfo.InvariantCulture, $"{part.Key} {part.Value * 1e6 / events:0.0} us")));

    private static string Number(double value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private static string Seconds(TimeSpan span) => span.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture);
}

/// <summary>Measures how fast usage becomes rows, rollups and ledger entries, and how fast a gateway ships what piled up.</summary>
internal static class IngestBench
{
    public static async Task<IngestReport> RunAsync(IngestPlan plan, CancellationToken cancellationToken)
    {
        var facts = MachineFacts.Read(TimeProvider.System);
        var folder = Directory.CreateTempSubdirectory("tollgate-bench-").FullName;
        try
        {
            return await RunAsync(plan, facts, folder, cancellationToken);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<IngestReport> RunAsync(
        IngestPlan plan, MachineFacts facts, string folder, CancellationToken cancellationToken)
    {
        var address = new IPEndPoint(IPAddress.Loopback, FreePort.Next());
        await using var cluster = await TollgateCluster.StartAsync(Path.Combine(folder, "cluster"), new ClusterPlan
        {
            Workers = 0,
            OutsideWorkers = [$"http://{address}"],
            Stripe = false,
            Environment = new Dictionary<string, IReadOnlyDictionary<string, string>>
            {
                ["billing"] = new Dictionary<string, string>
                {
                    ["TOLLGATE__Wallets__WelcomeCreditUsd"] = "1000",
                    ["TOLLGATE__Wallets__WelcomeCreditTotalUsd"] = "1000000000",
                    ["TOLLGATE__Leases__SmallestUsd"] = "900", // The till must last while Billing is away.
                },
            },
        });
        using var billing = new BillingClient(cluster);
        await Console.Error.WriteLineAsync($"shipping {plan.Events:N0} events …");
        var stream = await new EventStream(cluster, billing, plan).RunAsync(cancellationToken);

        if (plan.StreamOnly)
        {
            return new IngestReport(facts, plan, stream, Backlog: null);
        }

        await Console.Error.WriteLineAsync($"journaling {plan.Events:N0} requests while Billing is away …");
        var worker = new BenchWorker(folder, address, cluster.Secrets.Bearers);
        await worker.StartAsync();
        try
        {
            return new IngestReport(facts, plan, stream, await new Backlog(cluster, plan).RunAsync(cancellationToken));
        }
        finally
        {
            await worker.StopAsync();
        }
    }
}
