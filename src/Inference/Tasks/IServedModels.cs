using Tollgate.Contracts.Workers;

namespace Tollgate.Inference.Tasks;

/// <summary>The models that this process serves: a worker those that it has in memory, a trainer those that it trains from. Thread-safe.
/// </summary>
internal interface IServedModels
{
    /// <summary>The repository was read once, so that what is there is served.</summary>
    bool Scanned { get; }

    IEnumerable<LoadedModel> All { get; }

    /// <summary>A ready model; null when there is none of that name.</summary>
    LoadedModel? Find(string name);

    /// <summary>All models with their load, broken ones too as far as they can be described.</summary>
    IReadOnlyList<ServedModel> Status();
}
