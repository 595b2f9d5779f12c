using System.Text.Json;
using Tollgate.Clusters;
using Tollgate.Contracts.Json;

namespace Tollgate.Chaos.Tests.Faults;

/// <summary>
/// The operator's part after a gateway's folder came back as an older copy: the gateway goes on under a new journal, and the old one, which
/// nobody will ever ship to its end, is retired.
/// </summary>
internal sealed class JournalRetirement(TollgateCluster cluster, OperatorClient client, TimeProvider clock)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);
    private readonly HashSet<Guid> _retired = [];

    /// <summary>Journals that were retired.</summary>
    public IReadOnlyCollection<Guid> Retired => _retired;

    /// <summary>Retires again and again what a newer journal of the same gateway has replaced, until told to stop.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            await RunOnceAsync();
            await Task.Delay(Pause, clock, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task RunOnceAsync()
    {
        try
        {
            var journals = await client.GetAsync(
                "billing", cluster.BillingInternal + "/internal/journals", ContractsJson.Default.IReadOnlyListJournalState);
            foreach (var replaced in journals.GroupBy(journal => journal.GatewayId).SelectMany(gateway => gateway.SkipLast(1)))
            {
                if (!replaced.Retired && !replaced.Deregistered)
                {
                    await client.PostAsync("billing", $"{cluster.BillingInternal}/internal/journals/{replaced.Id}/retire");
                    _retired.Add(replaced.Id);
                }
            }
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException or JsonException)
        {
            return; // Billing is away; the next turn asks again.
        }
    }
}
