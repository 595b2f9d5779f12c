using System.Collections.Frozen;
using Microsoft.Extensions.Logging;
using Tollgate.Contracts.Catalogue;
using Tollgate.Contracts.Json;
using Tollgate.Inference.Registration;
using Tollgate.Inference.Worker;
using Tollgate.ServiceDefaults.Snapshots;

namespace Tollgate.Inference.Residency;

/// <summary>Accounts' plans as this worker knows them; the last copy outlives Accounts and restarts.</summary>
internal sealed class ModelPlans(IHttpClientFactory clients, WorkerFolder folder, TimeProvider clock, ILogger<ModelPlans> logger)
    : SnapshotFollower<CatalogueSnapshot>(
        CatalogueSnapshot.Path, Path.Combine(folder.Path, "catalogue.json"), () => Client(clients),
        ContractsJson.Default.CatalogueSnapshot, clock, logger), IModelPlans
{
    private volatile FrozenDictionary<string, ModelPlan> _plans = FrozenDictionary<string, ModelPlan>.Empty;

    public ModelPlan? Find(string model) => _plans.GetValueOrDefault(model);

    protected override void OnChanged(CatalogueSnapshot snapshot) =>
        _plans = snapshot.Plans.ToFrozenDictionary(plan => plan.Model, StringComparer.Ordinal);

    /// <summary>Heartbeats give up after two seconds; a long-poll lasts longer.</summary>
    private static HttpClient Client(IHttpClientFactory clients)
    {
        var client = clients.CreateClient(AccountsDirectory.Client);
        client.Timeout = TimeSpan.FromMinutes(1);
        return client;
    }
}
