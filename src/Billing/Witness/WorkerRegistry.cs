using Microsoft.Extensions.Logging;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Workers;
using Tollgate.ServiceDefaults.Snapshots;

namespace Tollgate.Billing.Witness;

/// <summary>The workers that registered with Accounts. Billing keeps no copy on disk: without the list it only waits to judge.</summary>
internal sealed class WorkerRegistry(IHttpClientFactory clients, TimeProvider clock, ILogger<WorkerRegistry> logger)
    : SnapshotFollower<WorkerDirectory>(
        "/internal/workers", copy: null, () => clients.CreateClient(Client), ContractsJson.Default.WorkerDirectory, clock, logger)
{
    /// <summary>Name of the client that shows Billing's bearer to Accounts.</summary>
    public const string Client = "accounts";
}
