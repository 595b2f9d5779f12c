using Tollgate.Contracts.Workers;

namespace Tollgate.Inference.Tasks;

/// <summary>The models that this process serves: a worker those that it has in memory, a trainer those that it trains from. Thread-safe.
/// </summary>
internal interface IServedModels
{
    /// <summary>The repository was read once, so that the status states what is there.</summary>
    bool HasRead { get; }

    /// <summary>What was in the repository at the start is served, as far as it can be.</summary>
    bool Scanned { get; }

    IEnumerable<LoadedModel> All { get; }

    /// <summary>Looks for the models of one request.</summary>
    /// <param name="version">Of the model that the request names; null for whichever serves.</param>
    IFoundModels Open(string? version = null);

    /// <summary>The installed versions of all models with their load, broken ones too as far as they can be described.</summary>
    IReadOnlyList<ServedModel> Status();
}

/// <summary>What one request finds. It stays in memory until this is disposed. Thread-safe.</summary>
internal interface IFoundModels : IDisposable
{
    /// <summary>Whether a model was looked for that is installed and not in memory.</summary>
    bool Missed { get; }

    /// <summary>A ready model; null when there is none of that name.</summary>
    LoadedModel? Find(string name);

    /// <summary>Brings into memory what was missed, as far as a request may. Waits as long as a request may wait for a slot.</summary>
    /// <returns>Whether another look finds more.</returns>
    /// <exception cref="OperationCanceledException">The request is not wanted any more; the load goes on.</exception>
    Task<bool> TryLoadAsync(CancellationToken cancellationToken);
}
