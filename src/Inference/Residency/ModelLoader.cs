using Tollgate.Contracts.Workers;
using Tollgate.Inference.Models;
using Tollgate.Inference.Tasks;

namespace Tollgate.Inference.Residency;

/// <summary>Brings installed models into memory by the task that their manifest names.</summary>
internal sealed class ModelLoader(IEnumerable<IModelTask> tasks, IServiceProvider services)
{
    /// <summary>The tasks that this worker serves.</summary>
    public IReadOnlyList<IModelTask> Tasks { get; } = [.. tasks];

    /// <exception cref="ModelImportException">The version is damaged or of an unknown task.</exception>
    /// <exception cref="InvalidOperationException">It does not run.</exception>
    public Task<LoadedModel> LoadAsync(InstalledModel installed, CancellationToken cancellationToken)
    {
        var task = Find(installed) ?? throw new ModelImportException(
            $"The model '{installed.Manifest.Name}' has the task '{installed.Manifest.Task}', which this worker does not know.");
        return task.LoadAsync(installed, services, cancellationToken);
    }

    /// <summary>Card of a model that is not loaded, of an unknown task too.</summary>
    public ModelCard Describe(InstalledModel installed) => Find(installed)?.Describe(installed) ?? installed.ToCard();

    private IModelTask? Find(InstalledModel installed) => Tasks.FirstOrDefault(task => task.Name == installed.Manifest.Task);
}
