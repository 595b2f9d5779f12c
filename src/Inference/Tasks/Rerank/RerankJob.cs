using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Requests;

namespace Tollgate.Inference.Tasks.Rerank;

/// <summary>A request that a model can rank.</summary>
internal sealed record RerankJob(LoadedModel Model, IDocumentRanker Ranker, RerankRequest Request) : ITaskJob
{
    public ITaskRun Begin(RequestScope scope) => new RerankRun(this, scope);
}
