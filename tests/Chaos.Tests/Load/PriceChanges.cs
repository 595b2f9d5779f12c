using System.Text.Json;
using Tollgate.Clusters;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Money;

namespace Tollgate.Chaos.Tests.Load;

/// <summary>Sets the prices of models again and again, up to half as much again and back.</summary>
internal sealed class PriceChanges(TollgateCluster cluster, OperatorClient client, int seed, TimeProvider clock)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(3);
    private readonly Random _random = new(seed);

    public int Done { get; private set; }

    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            await Task.Delay(Pause, clock, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            try
            {
                await SetAsync(CallKind.Models);
            }
            catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException or JsonException)
            {
                continue; // Accounts or Billing is away; the next turn asks again.
            }
        }
    }

    /// <summary>Gives each of these models a new price.</summary>
    /// <exception cref="HttpRequestException">Accounts or Billing did not take one.</exception>
    public async Task SetAsync(IEnumerable<LoadModel> models)
    {
        foreach (var model in models)
        {
            await client.PostAsync(
                "accounts", cluster.AccountsInternal + "/internal/prices", Order(model, 1 + (0.1m * _random.Next(6))),
                ContractsJson.Default.SetPrice);
            Done++;
        }
    }

    /// <summary>A price for each unit that the task uses; a call of any task costs about the same.</summary>
    private static SetPrice Order(LoadModel model, decimal factor)
    {
        return new SetPrice(
            model.Name, Of(UnitSet.Input, 0.50m), Of(UnitSet.Output, 1.50m), OnlyIfMissing: false, Task: model.Task.Name)
        {
            PerThousandSeconds = Of(UnitSet.Audio, 0.01m),
            PerImage = Of(UnitSet.Images, 0.000_02m),
            PerMillionPixels = Of(UnitSet.Pixels, 0.001m),
            PerStep = Of(UnitSet.Steps, 0.000_001m),
            PerRequest = Of(UnitSet.Calls, 0.000_01m),
            PerMillionElements = Of(UnitSet.Elements, 0.1m),
        };

        decimal? Of(UnitSet unit, decimal usd) => (model.Task.Uses & unit) != UnitSet.None ? usd * factor : null;
    }
}
