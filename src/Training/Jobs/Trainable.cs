using Tollgate.Contracts.Learning;
using Tollgate.Contracts.Metering;
using Tollgate.Inference.Fairness;
using Tollgate.Inference.Models;
using Tollgate.Inference.Tasks;

namespace Tollgate.Training.Jobs;

/// <summary>A model that jobs can be trained from, as gateways see it: <c>NAME:training</c>.</summary>
internal sealed class Trainable(InstalledModel installed, string? baseFolder, JobTrainer trainer) : LoadedModel(installed)
{
    /// <summary>Folder of the base model's version; null for an LSTM.</summary>
    public string? BaseFolder => baseFolder;

    /// <summary>Who trains from it.</summary>
    public JobTrainer Trainer => trainer;

    public override ModelLoad Load => trainer.Slots.LoadOf(Name);

    public override int Slots => trainer.Slots.Count;

    /// <summary>An installed embedding model.</summary>
    public static Trainable Of(InstalledModel model, JobTrainer trainer) => new(
        model with
        {
            Manifest = model.Manifest with { Name = TrainedModels.TrainerOf(model.Manifest.Name), Task = ModelTask.Training.Name },
        },
        model.Folder, trainer);

    /// <summary>An LSTM, which begins with nothing.</summary>
    public static Trainable Lstm(JobTrainer trainer) => new(
        new InstalledModel(
            new ModelManifest
            {
                Name = TrainedModels.TrainerOf(TrainedModels.FromNothing),
                Version = "1",
                Task = ModelTask.Training.Name,
                Description = "Trains an LSTM from nothing.",
                Source = new ModelSource("", "", ""),
                Created = DateTimeOffset.UnixEpoch,
                Files = [],
                Graph = "",
                Limits = new ModelLimits(ContextLength: 256, DefaultMaxOutput: 0),
            },
            Folder: ""),
        baseFolder: null, trainer);

    /// <summary>A job loads what it trains.</summary>
    public override Task WarmUpAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
