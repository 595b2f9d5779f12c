using Microsoft.Extensions.Logging;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Workers;
using Tollgate.ServiceDefaults.Snapshots;

namespace Tollgate.Billing.Witness;

/// <summary>
/// Follows the list of workers that registered with Accounts. Keeps no copy on disk: without the list, the comparison only waits.
/// </summary>
internal sealed class WorkerLogDirectory(IHttpClientFactory clients, TimeProvider clock, ILogger<WorkerLogDirectory> logger)
    : SnapshotFollower<WorkerDirectory>(
        "/internal/workers", copy: null, () => clients.CreateClient(Client), ContractsJson.Default.WorkerDirectory, clock, logger)
{
    /// <summary>Name of the client that shows Billing's bearer to Accounts.</summary>
    public const string Client = "accounts";
}
