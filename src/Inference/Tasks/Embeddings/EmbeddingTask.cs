using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Workers;
using Tollgate.Inference.Fairness;
using Tollgate.Inference.Models;
using Tollgate.Inference.Sessions;

namespace Tollgate.Inference.Tasks.Embeddings;

/// <summary>Vectors of sentences.</summary>
internal sealed class EmbeddingTask : IModelTask
{
    public string Name => ModelTask.Embeddings.Name;

    public IReadOnlyList<ITaskEndpoint> Endpoints { get; } = [new EmbeddingEndpoint()];

    public IReadOnlyList<IModelImporter> Importers { get; } = [new OnnxImporter()];

    public ModelCard Describe(InstalledModel installed) =>
        installed.ToCard() with { EmbeddingWidth = ModelEmbedding.Of(installed.Manifest)?.Width ?? 0 };

    public async Task<LoadedModel> LoadAsync(InstalledModel installed, IServiceProvider services, CancellationToken cancellationToken)
    {
        var queue = services.GetRequiredService<IOptions<QueueOptions>>().Value;
        var model = await EmbeddingModel.LoadAsync(
            installed, services.GetRequiredService<SessionFactory>(), services.GetRequiredService<QuietOrganizations>(), cancellationToken,
            queue);
        return new LoadedEmbedder(model, Describe(installed), queue.QueueTimeout, services.GetRequiredService<TimeProvider>());
    }
}
