using Tollgate.Contracts.Learning;
using Tollgate.Contracts.Workers;

namespace Tollgate.Contracts.Catalogue;

/// <summary>
/// What is deployed. Learning → gateways and workers, <c>GET /internal/deployments</c>, ETag long-poll.
/// </summary>
/// <param name="Names">Names that a gateway resolves. A name is missing until its first model is ready at a worker.</param>
/// <param name="Models">Models that workers install: those of <paramref name="Names"/>, those that are about to get a name, and those to
/// which a name can go back. First what was deployed first.</param>
public sealed record DeploymentSnapshot(IReadOnlyList<DeployedName> Names, IReadOnlyList<DeployedModel> Models)
{
    public const string Path = "/internal/deployments";
}

/// <summary>A name that belongs to a project.</summary>
/// <param name="Previous">The model before <paramref name="Model"/>, which stays installed; null for none.</param>
public sealed record DeployedName(ModelOwner Owner, string Name, string Model, string? Previous, DateTimeOffset CreatedAt);

/// <summary>A trained model that workers install under its name.</summary>
/// <param name="BaseModel">Decides the price, see <see cref="TrainedModels.PriceOf"/>.</param>
/// <param name="Bytes">Of the tar at <see cref="TrainedModels.ModelFileOf"/>.</param>
/// <param name="Sha256">Of the tar, 64 hex digits.</param>
public sealed record DeployedModel(string Name, ModelOwner Owner, string BaseModel, long Bytes, string Sha256);
