using System.Collections.Frozen;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tollgate.Contracts.Catalogue;
using Tollgate.Contracts.Json;
using Tollgate.ServiceDefaults.Snapshots;

namespace Tollgate.Gateway.Catalogue;

/// <summary>Accounts' aliases, hidden models and plans as this gateway knows them.</summary>
internal sealed class AliasCatalogue(
    IHttpClientFactory clients, IOptions<CatalogueOptions> options, TimeProvider clock, ILogger<AliasCatalogue> logger)
    : SnapshotFollower<CatalogueSnapshot>(
        CatalogueSnapshot.Path, Path.Combine(options.Value.Folder, "catalogue.json"), () => clients.CreateClient("accounts"),
        ContractsJson.Default.CatalogueSnapshot, clock, logger)
{
    private volatile View _view = new(
        FrozenDictionary<string, string>.Empty, FrozenSet<string>.Empty, FrozenDictionary<string, ModelPlan>.Empty);

    /// <summary>Alias → real name.</summary>
    public IReadOnlyDictionary<string, string> Aliases => _view.Aliases;

    /// <summary>The real name behind a name that a client wrote; itself when it is no alias.</summary>
    public string Resolve(string name) => _view.Aliases.GetValueOrDefault(name, name);

    public bool IsHidden(string model) => _view.Hidden.Contains(model);

    /// <summary>Null for a model without a plan.</summary>
    public ModelPlan? PlanOf(string model) => _view.Plans.GetValueOrDefault(model);

    protected override void OnChanged(CatalogueSnapshot snapshot) => _view = new(
        snapshot.Aliases.ToFrozenDictionary(StringComparer.Ordinal), snapshot.Hidden.ToFrozenSet(StringComparer.Ordinal),
        snapshot.Plans.ToFrozenDictionary(plan => plan.Model, StringComparer.Ordinal));

    private sealed record View(
        FrozenDictionary<string, string> Aliases, FrozenSet<string> Hidden, FrozenDictionary<string, ModelPlan> Plans);
}
