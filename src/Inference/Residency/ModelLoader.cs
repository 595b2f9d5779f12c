using Microsoft.Extensions.Logging;
using Tollgate.Contracts.Workers;
using Tollgate.Inference.Models;
using Tollgate.Inference.Tasks;

namespace Tollgate.Inference.Residency;

/// <summary>Brings installed models into memory by the task that their manifest names.</summary>
internal sealed partial class ModelLoader(IEnumerable<IModelTask> tasks, IServiceProvider services, ILogger<ModelLoader> logger)
{
    /// <summary>A version that is slower serves without.</summary>
    private static readonly TimeSpan LongestWarmUp = TimeSpan.FromSeconds(30);

    /// <summary>The tasks that this worker serves.</summary>
    public IReadOnlyList<IModelTask> Tasks { get; } = [.. tasks];

    /// <summary>Loads a version and warms it up.</summary>
    /// <exception cref="ModelImportException">The version is damaged or of an unknown task.</exception>
    /// <exception cref="InvalidOperationException">It does not run.</exception>
    public async Task<LoadedModel> LoadAsync(InstalledModel installed, CancellationToken cancellationToken)
    {
        var task = Find(installed) ?? throw new ModelImportException(
            $"The model '{installed.Manifest.Name}' has the task '{installed.Manifest.Task}', which this worker does not know.");
        var model = await task.LoadAsync(installed, services, cancellationToken);
        try
        {
            ProcessMemory.GiveBack(); // what reading the files has left, before the first runs take more
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(LongestWarmUp);
            await model.WarmUpAsync(limit.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            LogSlow(logger, model.Name, model.Version, LongestWarmUp);
        }
        catch
        {
            await model.DisposeAsync();
            throw;
        }

        return model;
    }

    /// <summary>Card of a model that is not loaded, of an unknown task too.</summary>
    public ModelCard Describe(InstalledModel installed) => Find(installed)?.Describe(installed) ?? installed.ToCard();

    private IModelTask? Find(InstalledModel installed) => Tasks.FirstOrDefault(task => task.Name == installed.Manifest.Task);

    [LoggerMessage(1, LogLevel.Information, "Model {Model} version {Version} was not warmed up in {Limit}; it serves all the same.")]
    private static partial void LogSlow(ILogger logger, string model, string version, TimeSpan limit);
}
