using Microsoft.Extensions.Options;
using Tollgate.Contracts.Workers;

namespace Tollgate.Billing.Witness;

/// <summary>A worker whose log Billing reads.</summary>
/// <param name="End">Where its log ended when it stopped cleanly; null while more may come.</param>
internal sealed record WitnessedWorker(Uri Url, WorkerLogEnd? End);

/// <summary>Lists every worker that may hold a log: the configured ones and those that registered, including those that left.</summary>
/// <param name="registry">Null without <c>Services:accounts</c>.</param>
internal sealed class Witnesses(IOptions<WitnessOptions> options, WorkerLogDirectory? registry)
{
    /// <summary>False until the list of registered workers has arrived: a missing worker may have the only record of a request.</summary>
    public bool IsComplete => registry is null || registry.Current is not null;

    /// <summary>Whether any worker can be asked.</summary>
    public bool HasAny => registry is not null || options.Value.Workers.Count > 0;

    public IReadOnlyList<WitnessedWorker> List() =>
    [
        .. options.Value.Workers.Select(url => new WitnessedWorker(url, End: null)),
        .. (registry?.Current?.Workers ?? [])
            .Select(worker => new WitnessedWorker(worker.BaseAddress, worker.Left))
            .Where(worker => !options.Value.Workers.Contains(worker.Url)),
    ];
}
