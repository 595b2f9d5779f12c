using StackExchange.Redis;
using Tollgate.Chaos.Tests.Load;
using Tollgate.Clusters;
using Tollgate.Contracts.Keys;

namespace Tollgate.Chaos.Tests.Faults;

/// <summary>
/// Takes one till after the other away from Redis, as a till is gone that a fence has closed: gateways open its next epoch, and what the
/// old one holds waits for all of them to acknowledge the fence.
/// </summary>
internal sealed class TillLosses(TollgateCluster cluster, IReadOnlyList<Customer> customers, int seed, TimeProvider clock)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    /// <summary>Tills that were there and are gone.</summary>
    public int Done { get; private set; }

    public async Task RunAsync(CancellationToken stop)
    {
        var random = new Random(seed);
        await using var redis = await ConnectionMultiplexer.ConnectAsync(cluster.RedisConnection + ",abortConnect=false");
        while (!stop.IsCancellationRequested)
        {
            await Task.Delay(Pause, clock, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            try
            {
                var customer = customers[random.Next(customers.Count)];
                Done += await redis.GetDatabase().HashDeleteAsync(RedisNames.Organization(customer.OrganizationId), "till") ? 1 : 0;
            }
            catch (Exception exception) when (exception is RedisException or TimeoutException)
            {
                continue; // Redis is away just now.
            }
        }
    }
}
