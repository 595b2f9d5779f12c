using Microsoft.Extensions.Options;
using Tollgate.Contracts.Workers;

namespace Tollgate.Billing.Witness;

/// <summary>A worker whose log Billing reads.</summary>
/// <param name="End">Where its log ended when it stopped in order; null while more may come.</param>
internal sealed record WitnessedWorker(Uri Url, WorkerLogEnd? End);

/// <summary>Every worker that may hold a log: those of the static list and those that registered, also after they left.</summary>
/// <param name="registry">Null without <c>Services:accounts</c>.</param>
internal sealed class Witnesses(IOptions<WitnessOptions> options, WorkerRegistry? registry)
{
    /// <summary>False while the list of registered workers has not come: one that is missing may know what nobody else does.</summary>
    public bool IsComplete => registry is null || registry.Current is not null;

    /// <summary>Whether anybody can be asked at all.</summary>
    public bool HasAny => registry is not null || options.Value.Workers.Count > 0;

    public IReadOnlyList<WitnessedWorker> List() =>
    [
        .. options.Value.Workers.Select(url => new WitnessedWorker(url, End: null)),
        .. (registry?.Current?.Workers ?? [])
            .Select(worker => new WitnessedWorker(worker.BaseAddress, worker.Left))
            .Where(worker => !options.Value.Workers.Contains(worker.Url)),
    ];
}
