using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Requests;

namespace Tollgate.Inference.Tasks.Embeddings;

/// <summary>A request that an embedding model can take.</summary>
internal sealed record EmbeddingJob(LoadedEmbedder Embedder, EmbeddingRequest Request) : ITaskJob
{
    public LoadedModel Model => Embedder;

    public ITaskRun Begin(RequestScope scope) => new EmbeddingRun(this, scope);
}
