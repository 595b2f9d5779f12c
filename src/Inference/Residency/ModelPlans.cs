using System.Collections.Frozen;
using Microsoft.Extensions.Logging;
using Tollgate.Contracts.Catalogue;
using Tollgate.Contracts.Json;
using Tollgate.Inference.Worker;
using Tollgate.ServiceDefaults.Snapshots;

namespace Tollgate.Inference.Residency;

/// <summary>Accounts' plans as this worker knows them; the last copy outlives Accounts and restarts.</summary>
internal sealed class ModelPlans(IHttpClientFactory clients, WorkerFolder folder, TimeProvider clock, ILogger<ModelPlans> logger)
    : SnapshotFollower<CatalogueSnapshot>(
        CatalogueSnapshot.Path, Path.Combine(folder.Path, "catalogue.json"), () => clients.CreateClient(Client),
        ContractsJson.Default.CatalogueSnapshot, clock, logger), IModelPlans
{
    /// <summary>Name of the client that follows Accounts.</summary>
    public const string Client = "accounts";

    private volatile FrozenDictionary<string, ModelPlan> _plans = FrozenDictionary<string, ModelPlan>.Empty;

    public ModelPlan? Find(string model) => _plans.GetValueOrDefault(model);

    protected override void OnChanged(CatalogueSnapshot snapshot) =>
        _plans = snapshot.Plans.ToFrozenDictionary(plan => plan.Model, StringComparer.Ordinal);
}
