using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Workers;
using Tollgate.Inference.Graphs;
using Tollgate.Inference.Models;
using Tollgate.Inference.Residency;
using Tollgate.Inference.Tasks;
using Tollgate.ServiceDefaults.Work;
using Tollgate.Training.Methods;

namespace Tollgate.Training.Jobs;

/// <summary>What this trainer offers: each embedding model of the repository that can be trained, in its newest version, and LSTMs. Nothing
/// of them is in memory before a job needs it. Thread-safe.</summary>
internal sealed partial class TrainableModels(
    ModelStore store, JobTrainer trainer, IOptions<ModelsOptions> options, TimeProvider clock, ILogger<TrainableModels> logger)
    : RecurringWork(new Rhythm(options.Value.ScanInterval), clock, logger), IServedModels
{
    private readonly Trainable _lstm = Trainable.Lstm(trainer);

    /// <summary>The newest version of each model of the repository; null where it cannot be trained.</summary>
    private readonly ConcurrentDictionary<string, (string Version, Trainable? Model)> _known = new(StringComparer.Ordinal);

    public bool HasRead => Scanned;

    public bool Scanned { get; private set; }

    public IEnumerable<LoadedModel> All => _known.Values.Select(known => known.Model).OfType<Trainable>().Append(_lstm);

    protected override string Failure => "The model repository cannot be read";

    public IFoundModels Open(string? version = null) => new Found(this);

    public IReadOnlyList<ServedModel> Status() =>
    [
        .. All.OrderBy(model => model.Name, StringComparer.Ordinal)
            .Select(model => new ServedModel(model.Card, Ready: true, model.Load.Active, model.Load.Queued, model.Slots)),
    ];

    public override async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        var installed = store.List();
        foreach (var model in installed.Where(model => model.Manifest.Task == ModelTask.Embeddings.Name))
        {
            if (_known.GetValueOrDefault(model.Manifest.Name).Version != model.Manifest.Version)
            {
                _known[model.Manifest.Name] = (model.Manifest.Version, await CheckAsync(model, cancellationToken));
            }
        }

        foreach (var name in _known.Keys.Except(installed.Select(model => model.Manifest.Name), StringComparer.Ordinal))
        {
            _known.TryRemove(name, out _);
        }

        Scanned = true;
    }

    private async Task<Trainable?> CheckAsync(InstalledModel model, CancellationToken cancellationToken)
    {
        try
        {
            await BaseModel.ReadAsync(model.Folder, cancellationToken); // Not as training runs: a busy machine would not offer it.
            LogOffered(logger, model.Manifest.Name, model.Manifest.Version);
            return Trainable.Of(model, trainer);
        }
        catch (Exception exception) when (exception is ModelImportException or GradientException)
        {
            LogNotTrainable(logger, model.Manifest.Name, model.Manifest.Version, exception.Message);
            return null;
        }
    }

    /// <summary>Nothing is in memory before a job needs it, so that nothing can be missed.</summary>
    private sealed class Found(TrainableModels models) : IFoundModels
    {
        public bool Missed => false;

        public LoadedModel? Find(string name) => models.All.FirstOrDefault(model => model.Name == name);

        public Task<bool> TryLoadAsync(CancellationToken cancellationToken) => Task.FromResult(false);

        public void Dispose()
        {
        }
    }

    [LoggerMessage(1, LogLevel.Information, "Model {Model} version {Version} can be trained.")]
    private static partial void LogOffered(ILogger logger, string model, string version);

    [LoggerMessage(2, LogLevel.Information, "Model {Model} version {Version} cannot be trained: {Reason}")]
    private static partial void LogNotTrainable(ILogger logger, string model, string version, string reason);
}
