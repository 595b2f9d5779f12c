using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Workers;
using Tollgate.Inference.Encoders;
using Tollgate.Inference.Fairness;

namespace Tollgate.Inference.Tasks.Rerank;

/// <summary>A cross-encoder.</summary>
internal sealed class LoadedRanker(CrossEncoder model) : LoadedModel(model.Installed), IDocumentRanker
{
    public EncoderEngine Engine => model.Engine;

    public override ModelCard Card => Installed.ToCard() with { Measure = model.Measure };

    public override ModelLoad Load => Engine.Load;

    public DocumentRanking Rank(RerankRequest request) => new PairRanking(model, request);

    public override Task WarmUpAsync(CancellationToken cancellationToken) => model.WarmUpAsync(cancellationToken);

    public override ValueTask DisposeAsync()
    {
        model.Dispose();
        return ValueTask.CompletedTask;
    }
}
