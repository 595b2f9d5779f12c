using Microsoft.Extensions.DependencyInjection;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.Workers;
using Tollgate.Inference.Encoders;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Tasks.Embeddings;

/// <summary>Vectors of sentences.</summary>
internal sealed class EmbeddingTask : IModelTask
{
    public string Name => ModelTask.Embeddings.Name;

    public IReadOnlyList<ITaskEndpoint> Endpoints { get; } = [new EmbeddingEndpoint()];

    public IReadOnlyList<IModelImporter> Importers { get; } = [new OnnxImporter()];

    public ModelCard Describe(InstalledModel installed) =>
        installed.ToCard() with { EmbeddingWidth = ModelEmbedding.Of(installed.Manifest)?.Width ?? 0 };

    public async Task<LoadedModel> LoadAsync(
        InstalledModel installed, IServiceProvider services, CancellationToken cancellationToken) => new LoadedEmbedder(
            await EmbeddingModel.LoadAsync(installed, services.GetRequiredService<EncoderHost>(), cancellationToken), Describe(installed));
}
