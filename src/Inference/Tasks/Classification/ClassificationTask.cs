using Microsoft.Extensions.DependencyInjection;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Workers;
using Tollgate.Inference.Encoders;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Tasks.Classification;

/// <summary>Labels of texts.</summary>
internal sealed class ClassificationTask : IModelTask
{
    public string Name => ModelTask.Classification.Name;

    public IReadOnlyList<ITaskEndpoint> Endpoints { get; } =
        [new ClassificationEndpoint(), new PredictEndpoint(), new ModerationEndpoint()];

    public IReadOnlyList<IModelImporter> Importers { get; } = [new SequenceImporter(ranks: false)];

    public ModelCard Describe(InstalledModel installed) =>
        installed.ToCard() with { Moderates = ModelClassification.Of(installed.Manifest)?.Moderation is not null };

    public async Task<LoadedModel> LoadAsync(
        InstalledModel installed, IServiceProvider services, CancellationToken cancellationToken) => new LoadedClassifier(
            await Classifier.LoadAsync(installed, services.GetRequiredService<EncoderHost>(), cancellationToken), Describe(installed));
}
