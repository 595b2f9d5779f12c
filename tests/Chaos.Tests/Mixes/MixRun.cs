using System.Globalization;
using System.Text;
using Tollgate.Chaos.Tests.Load;
using Tollgate.Chaos.Tests.Truth;
using Tollgate.Clusters;
using Tollgate.Testing;

namespace Tollgate.Chaos.Tests.Mixes;

/// <summary>
/// Rounds of random mixes: some organizations, each with calls of any tasks, one after the other or many at once. Every call must be
/// answered, whatever the others ask for, and have its row.
/// </summary>
internal sealed class MixRun(TollgateCluster cluster, OperatorClient client, TimeProvider clock) : IDisposable
{
    private const int Organizations = 6;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private readonly Caller _caller = new(clock);

    public async Task<MixReport> RunAsync(int rounds, int seed)
    {
        var customers = new List<Customer>();
        while (customers.Count < Organizations)
        {
            customers.Add(await FoundAsync($"mix-{customers.Count + 1}"));
        }

        await _caller.AnswerFromEachAsync(cluster, customers[0].Keys[0], Patience);
        List<CallRecord> calls = [];
        for (var round = 0; round < rounds; round++)
        {
            var random = new Random(seed + round);
            var flows = customers.OrderBy(_ => random.Next()).Take(random.Next(2, Organizations + 1))
                .Select(customer => (Key: customer.Keys[0], AtOnce: random.Next(1, 6), Calls: Draw(random))).ToList();
            var ended = await Task.WhenAll(flows.Select(flow => RunAsync(flow.Key, flow.AtOnce, flow.Calls, round)));
            calls.AddRange(ended.SelectMany(flow => flow));
        }

        return new MixReport(rounds, seed, calls, await MissingAsync(calls));
    }

    /// <summary>An organization with money for any run.</summary>
    public Task<Customer> FoundAsync(string name) =>
        new CustomerFounding(cluster, client, clock).FoundOneAsync(name, 1_000m, [null]);

    /// <summary>Makes one call, at a gateway of its number.</summary>
    public async Task<CallRecord> CallAsync(CustomerKey key, CallPlan plan, int number, CancellationToken stop = default)
    {
        var record = new CallRecord
        {
            Number = number, Key = key, Gateway = cluster.Api[number % cluster.Api.Count], Kind = plan.Kind, StartedAt = clock.GetUtcNow(),
        };
        await _caller.CallAsync(plan, record, stop);
        return record;
    }

    public void Dispose() => _caller.Dispose();

    private List<CallPlan> Draw(Random random) =>
        [.. Enumerable.Range(0, random.Next(1, 8)).Select(_ => CallKind.DrawEvenly(random))];

    private async Task<IReadOnlyList<CallRecord>> RunAsync(CustomerKey key, int atOnce, List<CallPlan> plans, int round)
    {
        var (next, done) = (-1, new List<CallRecord>());
        await Task.WhenAll(Enumerable.Range(0, atOnce).Select(async _ =>
        {
            while (Interlocked.Increment(ref next) is var number && number < plans.Count)
            {
                var call = await CallAsync(key, plans[number], round + number);
                lock (done)
                {
                    done.Add(call);
                }
            }
        }));
        return done;
    }

    /// <summary>Answered calls without a row.</summary>
    private async Task<int> MissingAsync(IReadOnlyList<CallRecord> calls)
    {
        var answered = calls.Where(call => call.Status == 200).Select(call => call.RequestId!.Value).ToHashSet();
        var missing = 0;
        await Until.TrueAsync(
            async () =>
            {
                var billed = (await BilledRow.ReadAllAsync(cluster.PostgresConnection)).Select(row => row.RequestId).ToHashSet();
                return (missing = answered.Count(id => !billed.Contains(id))) == 0;
            },
            "all answers are billed", Patience);
        return missing;
    }
}

/// <summary>The outcome of some mixes; as text, the table that is printed.</summary>
/// <param name="Missing">Answered calls without a row.</param>
internal sealed record MixReport(int Rounds, int Seed, IReadOnlyList<CallRecord> Calls, int Missing)
{
    /// <summary>Calls that were not answered whole.</summary>
    public IReadOnlyList<CallRecord> Faults => [.. Calls.Where(call => call.End != CallEnd.Whole)];

    public override string ToString()
    {
        var text = new StringBuilder(string.Create(
            CultureInfo.InvariantCulture, $"seed {Seed}: {Rounds} mixes, {Calls.Count} calls, {Faults.Count} without a whole answer"));
        foreach (var kind in Calls.GroupBy(call => call.Kind.Split(' ')[0]).OrderBy(kind => kind.Key, StringComparer.Ordinal))
        {
            var seconds = kind.Select(call => (call.EndedAt - call.StartedAt).TotalSeconds).Order().ToArray();
            text.AppendLine().Append(
                CultureInfo.InvariantCulture,
                $"{kind.Key,-16} {seconds.Length,6} calls, median {seconds[seconds.Length / 2]:0.00} s, slowest {seconds[^1]:0.00} s");
        }

        foreach (var fault in Faults.Take(10))
        {
            text.AppendLine().Append(
                CultureInfo.InvariantCulture,
                $"BROKEN  {fault.Kind} status {fault.Status} {fault.ErrorCode} end {fault.End} {fault.Detail}");
        }

        return text.ToString();
    }
}
