using Tollgate.Contracts.OpenAi;

namespace Tollgate.Inference.Tasks.Rerank;

/// <summary><c>POST /v1/rerank</c>, by every model that can order documents.</summary>
internal sealed class RerankEndpoint : ITaskEndpoint
{
    public PublicEndpoint Api => PublicEndpoint.Rerank;

    public PreparedRequest Prepare(ReadOnlyMemory<byte> body, Func<string, LoadedModel?> find, CancellationToken cancellationToken)
    {
        if (!RerankRequest.TryParse(body, out var request, out var invalid))
        {
            return invalid;
        }

        return find(request.Model) is { } model and IDocumentRanker ranker
            ? new PreparedRequest.Ready(new RerankJob(model, ranker, request))
            : OpenAiError.ModelNotFound(request.Model);
    }
}
