using System.Collections.Frozen;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tollgate.Contracts.Catalogue;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Workers;
using Tollgate.Gateway.Workers;
using Tollgate.ServiceDefaults.Snapshots;

namespace Tollgate.Gateway.Catalogue;

/// <summary>Learning's deployments as this gateway knows them; the last copy outlives Learning and restarts. Thread-safe.</summary>
internal sealed class DeploymentCatalogue(
    IHttpClientFactory clients, IOptions<CatalogueOptions> options, WorkerPool workers, TimeProvider clock,
    ILogger<DeploymentCatalogue> logger)
    : SnapshotFollower<DeploymentSnapshot>(
        DeploymentSnapshot.Path, Path.Combine(options.Value.Folder, "deployments.json"), () => Client(clients),
        ContractsJson.Default.DeploymentSnapshot, clock, logger)
{
    private volatile View _view = new(
        FrozenDictionary<(ModelOwner, string), DeployedName>.Empty, FrozenDictionary<string, ModelOwner>.Empty);

    /// <summary>
    /// The model behind a name of a project; null when the project has none of that name. Right after a switch, while no worker has shown
    /// the new model to this gateway, it is still the one before: a switch fails no request.
    /// </summary>
    public string? Resolve(ModelOwner project, string name) =>
        _view.Names.GetValueOrDefault((project, name)) is not { } found ? null
        : found.Previous is { } previous && workers.FindCard(found.Model) is null && workers.FindCard(previous) is not null ? previous
        : found.Model;

    /// <summary>The only project that may call a trained model; null for a model that is not deployed, or not trained here.</summary>
    public ModelOwner? OwnerOf(string model) => _view.Owners.GetValueOrDefault(model);

    /// <summary>All names of a project.</summary>
    public IEnumerable<DeployedName> NamesOf(ModelOwner project) => _view.Names.Values.Where(name => name.Owner == project);

    protected override void OnChanged(DeploymentSnapshot snapshot) => _view = new(
        snapshot.Names.ToFrozenDictionary(name => (name.Owner, name.Name)),
        snapshot.Models.ToFrozenDictionary(model => model.Name, model => model.Owner, StringComparer.Ordinal));

    /// <summary>The client of relayed requests waits without end; a long-poll that gets no answer must be asked again.</summary>
    private static HttpClient Client(IHttpClientFactory clients)
    {
        var client = clients.CreateClient("learning");
        client.Timeout = TimeSpan.FromMinutes(1);
        return client;
    }

    private sealed record View(
        FrozenDictionary<(ModelOwner Owner, string Name), DeployedName> Names, FrozenDictionary<string, ModelOwner> Owners);
}
