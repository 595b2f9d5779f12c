using Microsoft.Extensions.Logging;
using Tollgate.Contracts.Catalogue;
using Tollgate.Contracts.Json;
using Tollgate.ServiceDefaults.Snapshots;

namespace Tollgate.Inference.Deployments;

/// <summary>Follows what is deployed. Needs no copy on disk: what is installed stays until Learning names something else.</summary>
internal sealed class DeploymentFollower(
    IHttpClientFactory clients, DeployedModels models, TimeProvider clock, ILogger<DeploymentFollower> logger)
    : SnapshotFollower<DeploymentSnapshot>(
        DeploymentSnapshot.Path, copy: null, () => clients.CreateClient(DeployedModelFile.Client),
        ContractsJson.Default.DeploymentSnapshot, clock, logger)
{
    protected override void OnChanged(DeploymentSnapshot snapshot) => models.Want(snapshot.Models);
}
