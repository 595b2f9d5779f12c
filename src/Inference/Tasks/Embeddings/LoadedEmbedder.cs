using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Workers;
using Tollgate.Inference.Encoders;
using Tollgate.Inference.Fairness;

namespace Tollgate.Inference.Tasks.Embeddings;

/// <summary>An embedding model.</summary>
/// <param name="described">Its card, without the measure.</param>
internal sealed class LoadedEmbedder(EmbeddingModel model, ModelCard described) : LoadedModel(model.Installed), IDocumentRanker
{
    public EmbeddingModel Model { get; } = model;

    public override ModelCard Card => described with { Measure = Model.Measure };

    public override ModelLoad Load => Engine.Load;

    public EncoderEngine Engine => Model.Engine;

    public DocumentRanking Rank(RerankRequest request) => new CosineRanking(Model, request);

    public override Task WarmUpAsync(CancellationToken cancellationToken) => Model.WarmUpAsync(cancellationToken);

    public override ValueTask DisposeAsync()
    {
        Model.Dispose();
        return ValueTask.CompletedTask;
    }
}
