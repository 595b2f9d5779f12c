using Tollgate.Contracts.Catalogue;
using Tollgate.Contracts.Learning;
using Tollgate.Contracts.Workers;

namespace Tollgate.Accounts.Fleet;

/// <summary>The operator's models and their versions, as the workers that are up state them. Models of projects and what trainers offer
/// are not among them.</summary>
internal sealed class InstalledModels
{
    private readonly SortedDictionary<string, IReadOnlyList<InstalledVersion>> _models = new(StringComparer.Ordinal);

    public InstalledModels(IReadOnlyList<WorkerLine> workers)
    {
        var stated = from worker in workers
                     where worker.State is not (WorkerState.Stopped or WorkerState.Silent)
                     from model in worker.Status?.Models ?? []
                     where model.Card.Owner is null && !TrainedModels.IsTrainer(model.Card.Name)
                     select (Worker: worker.Id, Model: model);
        foreach (var versions in stated.GroupBy(one => one.Model.Card.Name))
        {
            _models[versions.Key] =
            [
                .. versions.GroupBy(one => one.Model.Card.Version)
                    .OrderByDescending(version => version.Key, VersionOrder.Instance)
                    .Select(version => new InstalledVersion(
                        version.Key, version.OrderByDescending(one => one.Model.Ready).First().Model.Card,
                        [.. version.Select(one => PlaceOf(one.Worker, one.Model))])),
            ];
        }
    }

    /// <summary>In order.</summary>
    public IReadOnlyList<string> Names => [.. _models.Keys];

    /// <summary>Newest first; empty for a model that no worker has.</summary>
    public IReadOnlyList<InstalledVersion> VersionsOf(string model) => _models.GetValueOrDefault(model) ?? [];

    /// <summary>Says why a version of a model cannot take part in a plan; null when a worker has it.</summary>
    public string? FindFault(string model, string version)
    {
        var versions = VersionsOf(model).Select(known => known.Version).ToList();
        return versions.Contains(version)
            ? null
            : $"No worker has version {version} of {model}. {ThereAre(versions)}";
    }

    /// <summary>Says why a model is unknown; null when a worker has it.</summary>
    public string? FindFault(string model) => _models.ContainsKey(model) ? null
        : _models.Count == 0 ? $"No worker has a model {model}, or any other that the operator installed."
        : $"No worker has a model {model} that the operator installed. {ThereAre(Names)}";

    private static string ThereAre(IReadOnlyCollection<string> known) =>
        $"There {(known.Count == 1 ? "is" : "are")}: {string.Join(", ", known)}.";

    // A worker of before states no states, and Ready is the default.
    private static VersionPlace PlaceOf(string worker, ServedModel model) => new(
        worker, model is { State: ModelState.Ready, Ready: false } ? ModelState.Loading : model.State, model.Error, model.MemoryBytes)
    {
        Leaving = model.Leaving,
    };
}

/// <summary>A version of a model and where it is installed.</summary>
internal sealed record InstalledVersion(string Version, ModelCard Card, IReadOnlyList<VersionPlace> Places);
