using Microsoft.Extensions.Logging;
using Tollgate.Billing.Work;

namespace Tollgate.Billing.Witness;

/// <summary>Reads the logs of workers that are stopping until they are gone: one that never comes back leaves nothing unread.</summary>
internal sealed class StoppingWorkers(WorkerRegistry registry, WorkerLogs logs, TimeProvider clock, ILogger<StoppingWorkers> logger)
    : RecurringWork(TimeSpan.FromMilliseconds(500), clock, logger)
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
