using Microsoft.Extensions.DependencyInjection;
using Tollgate.Contracts.Metering;
using Tollgate.Inference.Encoders;
using Tollgate.Inference.Models;
using Tollgate.Inference.Tasks.Classification;

namespace Tollgate.Inference.Tasks.Rerank;

/// <summary>Documents in the order of their relevance. Its own models are cross-encoders; models of embeddings answer too.</summary>
internal sealed class RerankTask : IModelTask
{
    public string Name => ModelTask.Rerank.Name;

    public IReadOnlyList<ITaskEndpoint> Endpoints { get; } = [new RerankEndpoint()];

    public IReadOnlyList<IModelImporter> Importers { get; } = [new SequenceImporter(ranks: true)];

    public async Task<LoadedModel> LoadAsync(InstalledModel installed, IServiceProvider services, CancellationToken cancellationToken) =>
        new LoadedRanker(await CrossEncoder.LoadAsync(installed, services.GetRequiredService<EncoderHost>(), cancellationToken));
}
