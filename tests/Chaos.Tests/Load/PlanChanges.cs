using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Tollgate.Clusters;
using Tollgate.Contracts.Catalogue;
using Tollgate.Contracts.Json;

namespace Tollgate.Chaos.Tests.Load;

/// <summary>
/// Orders of an operator about the versions of models, again and again: weights, shadows, canaries that are left to themselves, promoted or
/// taken back, models that leave memory and come again.
/// </summary>
internal sealed class PlanChanges(TollgateCluster cluster, OperatorClient client, int seed, TimeProvider clock)
{
    private const string First = "1";
    private const string Second = "2";
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);
    private readonly Random _random = new(seed);

    /// <summary>Orders that were taken.</summary>
    public int Done { get; private set; }

    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            await Task.Delay(Pause, clock, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            try
            {
                await OrderAsync(LoadModel.Versioned[_random.Next(LoadModel.Versioned.Count)].Name, stop);
            }
            catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException or JsonException)
            {
                continue; // Accounts is away, or a canary holds the plan.
            }
        }
    }

    /// <summary>Lets every model be called again, whatever was ordered last.</summary>
    public async Task LoadAllAsync()
    {
        foreach (var model in LoadModel.Versioned)
        {
            await PostAsync(model.Name, "load");
        }
    }

    private async Task OrderAsync(string model, CancellationToken stop)
    {
        switch (_random.Next(8))
        {
            case 0 or 1:
                await SetWeightsAsync(model, _random.Next(1, 100), _random.Next(0, 100));
                break;
            case 2:
                await SetWeightsAsync(model, 1, 0);
                await PostAsync(
                    model, "shadow", new SetShadow(Second, _random.Next(10, 101)), ContractsJson.Default.SetShadow);
                break;
            case 3 or 4:
                await PostAsync(
                    model, "canary",
                    new StartCanary(Second)
                    {
                        Steps = [20, 60, 100], Window = TimeSpan.FromSeconds(5), LeastRequests = 5, MostLatencyRatio = 20,
                    },
                    ContractsJson.Default.StartCanary);
                break;
            case 5:
                await PostAsync(model, _random.Next(2) == 0 ? "canary/promote" : "canary/rollback");
                break;
            case 6:
                await PostAsync(model, "unload");
                await Task.Delay(TimeSpan.FromSeconds(1), clock, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                await PostAsync(model, "load");
                break;
            default:
                await client.DeleteAsync("accounts", $"{Address(model)}/plan");
                Done++;
                break;
        }
    }

    private Task SetWeightsAsync(string model, int first, int second) => PostAsync(
        model, "weights", new SetWeights(new Dictionary<string, int> { [First] = first, [Second] = second }),
        ContractsJson.Default.SetWeights);

    private async Task PostAsync(string model, string order)
    {
        await client.PostAsync("accounts", $"{Address(model)}/{order}");
        Done++;
    }

    private async Task PostAsync<TOrder>(
        string model, string order, TOrder body, JsonTypeInfo<TOrder> json)
    {
        await client.PostAsync("accounts", $"{Address(model)}/{order}", body, json);
        Done++;
    }

    private string Address(string model) => cluster.AccountsInternal + VersionedModel.Path + "/" + model;
}
