using Tollgate.Contracts.Workers;
using Tollgate.Inference.Fairness;

namespace Tollgate.Inference.Tasks.Embeddings;

/// <summary>An embedding model.</summary>
/// <param name="described">Its card, without the measure.</param>
/// <param name="queueTimeout">How long a request may wait for its first turn.</param>
internal sealed class LoadedEmbedder(EmbeddingModel model, ModelCard described, TimeSpan queueTimeout, TimeProvider clock)
    : LoadedModel(model.Installed)
{
    public EmbeddingModel Model { get; } = model;

    public override ModelCard Card => described with { Measure = Model.Measure };

    public override ModelLoad Load => Model.Turns.Load;

    /// <summary>Gives the place of a request away when it has waited too long; ends with its disposal.</summary>
    public ITimer LimitWait(FairTurns.Place place) => clock.CreateTimer(
        static state => ((FairTurns.Place)state!).Displace(), place, queueTimeout, Timeout.InfiniteTimeSpan);

    public override ValueTask DisposeAsync()
    {
        Model.Dispose();
        return ValueTask.CompletedTask;
    }
}
