using Microsoft.Extensions.Logging;
using Tollgate.ServiceDefaults.Work;

namespace Tollgate.Billing.Witness;

/// <summary>Reads the logs of stopping workers until they are gone, so that a worker that never returns leaves nothing unread.</summary>
internal sealed class StoppingWorkers(WorkerLogDirectory registry, WorkerLogs logs, TimeProvider clock, ILogger<StoppingWorkers> logger)
    : RecurringWork(new Rhythm(TimeSpan.FromMilliseconds(500)), clock, logger)
{
    public override async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        foreach (var worker in registry.Current?.Workers ?? [])
        {
            if (worker is { Stopping: true, Left: null })
            {
                await logs.TryReadAsync(worker.BaseAddress, cancellationToken);
            }
        }
    }
}
