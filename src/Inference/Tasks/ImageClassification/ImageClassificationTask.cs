using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Workers;
using Tollgate.Inference.Fairness;
using Tollgate.Inference.Models;
using Tollgate.Inference.Sessions;

namespace Tollgate.Inference.Tasks.ImageClassification;

/// <summary>Labels of pictures.</summary>
internal sealed class ImageClassificationTask : IModelTask
{
    public string Name => ModelTask.ImageClassification.Name;

    public IReadOnlyList<ITaskEndpoint> Endpoints { get; } = [new ImageClassificationEndpoint()];

    public IReadOnlyList<IModelImporter> Importers { get; } = [new ImageClassifierImporter()];

    public ModelCard Describe(InstalledModel installed) =>
        installed.ToCard() with { Moderates = ModelImageClassification.Of(installed.Manifest)?.Moderation is not null };

    public async Task<LoadedModel> LoadAsync(InstalledModel installed, IServiceProvider services, CancellationToken cancellationToken)
    {
        var queue = services.GetRequiredService<IOptions<QueueOptions>>().Value;
        var model = await ImageClassifier.LoadAsync(
            installed, services.GetRequiredService<SessionFactory>(), services.GetRequiredService<QuietOrganizations>(), cancellationToken,
            queue);
        return new LoadedImageClassifier(
            model, Describe(installed), queue.QueueTimeout, services.GetRequiredService<TimeProvider>(),
            services.GetRequiredService<ILogger<LoadedImageClassifier>>());
    }
}
