using Tollgate.Benchmarks.Comparison;
using Tollgate.Benchmarks.Load;
using Tollgate.Benchmarks.Machine;
using Tollgate.Benchmarks.Peers;
using Tollgate.Clusters;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Money;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Usage;

namespace Tollgate.Benchmarks.Ingest;

/// <summary>What one stream of batches came to.</summary>
/// <param name="Cpu">Seconds of CPU by process; the sender is this program.</param>
internal sealed record StreamResult(int Events, TimeSpan Elapsed, Sample Batches, IReadOnlyDictionary<string, double> Cpu)
{
    public double PerSecond => Events / Elapsed.TotalSeconds;
}

/// <summary>
/// Ships usage to a real Billing as one gateway does: one batch after the other, each one transaction, over one connection. Each event
/// belongs to a wallet with an open lease, so nothing is cheaper than in earnest.
/// </summary>
internal sealed class EventStream(TollgateCluster cluster, BillingClient billing, IngestPlan plan)
{
    private const long LeaseNanoUsd = 500_000_000_000;
    private static readonly Units OneRequest = new(60, Output: 16);
    private readonly Random _random = new(plan.Seed);
    private readonly Guid _journal = Guid.NewGuid();

    public async Task<StreamResult> RunAsync(CancellationToken cancellationToken)
    {
        var price = await FindPriceAsync(cancellationToken);
        var payers = new List<Payer>();
        for (var i = 0; i < plan.Organizations; i++)
        {
            payers.Add(await OpenAsync(cancellationToken));
        }

        await billing.AskAsync<RegisterJournal, JournalRegistered>(
            HttpMethod.Post, "gateway", "/internal/journals", new RegisterJournal(_journal, 1, "bench"), cancellationToken);
        await ShipAsync(payers, price, 0, cancellationToken); // The first batch compiles everything.
        var cpu = new CpuWatch([("sender", Environment.ProcessId), ("Billing", cluster.Billing.Id), ("Postgres", cluster.Postgres.Id)]);
        var (started, spans) = (Pace.Now, new List<long>());
        for (var shipped = 0; shipped < plan.Events; shipped += plan.Batch)
        {
            var before = Pace.Now;
            await ShipAsync(payers, price, plan.Batch + shipped, cancellationToken);
            spans.Add(Pace.Now - before);
        }

        return new StreamResult(
            spans.Count * plan.Batch, TimeSpan.FromTicks((Pace.Now - started) / 100), new Sample(spans), cpu.Read());
    }

    private async Task<Guid> FindPriceAsync(CancellationToken cancellationToken)
    {
        await BenchCustomer.SetPricesAsync(billing, cancellationToken);
        var prices = await billing.GetAsync<PriceSnapshot>("operator", "/internal/prices", cancellationToken);
        return prices.Prices.Last(price => price.Model == BenchModels.Instant).Version;
    }

    private async Task<Payer> OpenAsync(CancellationToken cancellationToken)
    {
        var id = Guid.CreateVersion7(TimeProvider.System.GetUtcNow());
        await BenchCustomer.OpenWalletAsync(billing, id, cancellationToken);
        var lease = await billing.AskAsync<LeaseRequest, Lease>(
            HttpMethod.Post, "gateway", "/internal/leases", new LeaseRequest(id, null, LeaseNanoUsd, 0), cancellationToken);
        return lease.Outcome == LeaseOutcome.Granted
            ? new Payer(id, Guid.NewGuid(), Guid.NewGuid(), lease.Epoch)
            : throw new InvalidOperationException($"No lease for the benchmark: {lease.Outcome}.");
    }

    private async Task ShipAsync(List<Payer> payers, Guid price, int from, CancellationToken cancellationToken)
    {
        var events = Enumerable.Range(0, plan.Batch).Select(_ => MakeEvent(payers[_random.Next(payers.Count)], price)).ToList();
        var batch = new UsageBatch(_journal, 1, from, from + plan.Batch, events, []);
        var booked = await billing.AskAsync<UsageBatch, UsageBooked>(
            HttpMethod.Post, "gateway", "/internal/usage", batch, cancellationToken);
        if (booked.Inserted != events.Count)
        {
            throw new InvalidOperationException($"Of {events.Count} events {booked.Inserted} were booked and {booked.Rejected} rejected.");
        }
    }

    private static UsageEvent MakeEvent(Payer payer, Guid price)
    {
        var now = TimeProvider.System.GetUtcNow();
        return new UsageEvent
        {
            RequestId = Guid.CreateVersion7(now),
            OrganizationId = payer.OrganizationId,
            ProjectId = payer.ProjectId,
            KeyId = payer.KeyId,
            Model = BenchModels.Instant,
            Endpoint = PublicEndpoint.ChatCompletions.Scope,
            Streamed = false,
            Attempt = 1,
            PriceVersion = price,
            Epoch = payer.Epoch,
            Units = OneRequest,
            Delivered = OneRequest.Completion,
            Outcome = Outcome.Completed,
            AdmittedAt = now,
            FinishedAt = now,
        };
    }

    private sealed record Payer(Guid OrganizationId, Guid ProjectId, Guid KeyId, long Epoch);
}
