using System.Text.Json;
using Tollgate.Clusters;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Money;

namespace Tollgate.Chaos.Tests.Load;

/// <summary>Sets the generating model's price again and again, up to half as much again and back.</summary>
internal sealed class PriceChanges(TollgateCluster cluster, OperatorClient client, int seed, TimeProvider clock)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(3);

    public int Done { get; private set; }

    public async Task RunAsync(CancellationToken stop)
    {
        var random = new Random(seed);
        while (!stop.IsCancellationRequested)
        {
            await Task.Delay(Pause, clock, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            try
            {
                await client.PostAsync(
                    "accounts", cluster.AccountsInternal + "/internal/prices",
                    new SetPrice(
                        "tiny-assistant", 0.50m + (0.05m * random.Next(6)), 1.50m + (0.15m * random.Next(6)), OnlyIfMissing: false),
                    ContractsJson.Default.SetPrice);
                Done++;
            }
            catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException or JsonException)
            {
                continue; // Accounts or Billing is away; the next turn asks again.
            }
        }
    }
}
