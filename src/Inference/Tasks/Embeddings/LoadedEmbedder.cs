using Tollgate.Contracts.Workers;
using Tollgate.Inference.Fairness;

namespace Tollgate.Inference.Tasks.Embeddings;

/// <summary>An embedding model.</summary>
/// <param name="described">Its card, without the measure.</param>
internal sealed class LoadedEmbedder(EmbeddingModel model, ModelCard described) : LoadedModel(model.Installed)
{
    public EmbeddingModel Model { get; } = model;

    public override ModelCard Card => described with { Measure = Model.Measure };

    public override ModelLoad Load => Model.Engine.Load;

    public override ValueTask DisposeAsync()
    {
        Model.Dispose();
        return ValueTask.CompletedTask;
    }
}
