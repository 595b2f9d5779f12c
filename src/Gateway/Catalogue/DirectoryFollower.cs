using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Workers;
using Tollgate.Gateway.Workers;
using Tollgate.ServiceDefaults.Snapshots;

namespace Tollgate.Gateway.Catalogue;

/// <summary>The workers that registered with Accounts, as this gateway knows them; the last copy outlives Accounts and restarts.</summary>
internal sealed class DirectoryFollower(
    IHttpClientFactory clients, IOptions<CatalogueOptions> options, WorkerPool pool, TimeProvider clock, ILogger<DirectoryFollower> logger)
    : SnapshotFollower<WorkerDirectory>(
        "/internal/workers", Path.Combine(options.Value.Folder, "workers.json"), () => clients.CreateClient("accounts"),
        ContractsJson.Default.WorkerDirectory, clock, logger)
{
    protected override void OnChanged(WorkerDirectory snapshot) => pool.Show(snapshot);
}
