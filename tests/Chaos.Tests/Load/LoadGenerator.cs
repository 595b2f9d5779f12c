using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Serialization;
using Tollgate.Clusters;
using Tollgate.ServiceDefaults.ServiceAuthentication;

namespace Tollgate.Chaos.Tests.Load;

/// <summary>Clients that call all gateways, one call after the other each, until they are told to stop.</summary>
internal sealed class LoadGenerator(
    TollgateCluster cluster, IReadOnlyList<Customer> customers, MediaCalls media, int seed, TimeProvider clock)
{
    private static readonly JsonSerializerOptions LogFormat = new() { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };
    private readonly ConcurrentQueue<CallRecord> _records = new();
    private int _number;

    public IReadOnlyCollection<CallRecord> Records => _records;

    /// <summary>
    /// Runs <paramref name="clients"/> until <paramref name="stop"/>; calls that run then have <paramref name="patience"/> to end.
    /// </summary>
    public async Task RunAsync(int clients, TimeSpan patience, CancellationToken stop)
    {
        using var caller = new Caller(clock, ServiceBearers.Parse(cluster.Secrets.Bearers["learning"]).To("gateway"));
        using var giveUp = new CancellationTokenSource();
        await using var onStop = stop.Register(() => giveUp.CancelAfter(patience));
        await Task.WhenAll(
            Enumerable.Range(0, clients).Select(client => RunClientAsync(caller, new Random(seed + client), stop, giveUp.Token)));
    }

    /// <summary>Writes what the clients saw, a line a call, beside the logs of the processes.</summary>
    public async Task WriteLogAsync()
    {
        await using var log = new StreamWriter(cluster.LogFile("clients"));
        foreach (var record in _records.OrderBy(r => r.Number))
        {
            await log.WriteLineAsync(JsonSerializer.Serialize(
                new
                {
                    record.Number,
                    At = record.StartedAt.UtcDateTime.ToString("O"),
                    Ended = record.EndedAt.UtcDateTime.ToString("O"),
                    Request = record.RequestId?.ToString("N"),
                    Customer = record.Key.Customer.Name,
                    Key = record.Key.PublicId,
                    record.Gateway,
                    record.Kind,
                    record.IdempotencyKey,
                    ReplayOf = record.ReplayOf?.ToString("N"),
                    record.Status,
                    record.ErrorCode,
                    Received = record.Received.ToString(),
                    Usage = record.Usage?.ToString(),
                    End = record.End.ToString(),
                    record.Detail,
                },
                LogFormat));
        }
    }

    /// <summary>Mostly those who can still pay late in the run.</summary>
    private Customer Choose(Random random)
    {
        var rich = random.Next(3) > 0;
        var some = customers.Where(customer => customer.IsRich == rich).ToList();
        return some[random.Next(some.Count)];
    }

    private async Task RunClientAsync(Caller caller, Random random, CancellationToken stop, CancellationToken giveUp)
    {
        while (!stop.IsCancellationRequested)
        {
            var keys = Choose(random).Keys;
            var key = keys[random.Next(keys.Count)];
            var plan = CallPlan.Draw(random, media);
            for (var i = 0; i < plan.Times && !stop.IsCancellationRequested; i++)
            {
                await CallOnceAsync(caller, i == 0 ? plan : plan.Again(), key, random, giveUp);
            }
        }
    }

    private async Task CallOnceAsync(Caller caller, CallPlan plan, CustomerKey key, Random random, CancellationToken giveUp)
    {
        var gateway = random.Next(cluster.Api.Count);
        var record = new CallRecord
        {
            Number = Interlocked.Increment(ref _number),
            Key = key,
            Gateway = cluster.Api[gateway],
            InternalGateway = plan.IsBatchLine ? cluster.GatewayInternal[gateway] : null,
            GatewayName = cluster.Gateways[gateway].Name,
            Kind = plan.Kind,
            IdempotencyKey = plan.IdempotencyKey,
            StartedAt = clock.GetUtcNow(),
        };
        await caller.CallAsync(plan, record, giveUp);
        _records.Enqueue(record);
        if (record.End is CallEnd.NoAnswer or CallEnd.Refused)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(50, 500)), clock, CancellationToken.None);
        }
    }
}
