using Tollgate.Contracts.OpenAi;

namespace Tollgate.Inference.Tasks.Embeddings;

/// <summary><c>POST /v1/embeddings</c>.</summary>
internal sealed class EmbeddingEndpoint : ITaskEndpoint
{
    public PublicEndpoint Api => PublicEndpoint.Embeddings;

    public PreparedRequest Prepare(ReadOnlyMemory<byte> body, Func<string, LoadedModel?> find, CancellationToken cancellationToken)
    {
        if (!EmbeddingRequest.TryParse(body, out var request, out var invalid))
        {
            return invalid;
        }

        if (find(request.Model) is not LoadedEmbedder embedder)
        {
            return OpenAiError.ModelNotFound(request.Model);
        }

        return request.Dimensions is { } width && !embedder.Model.Embedding.Has(width)
            ? OpenAiError.InvalidValue("dimensions", embedder.Model.Embedding.WidthsInWords(), $"{width}")
            : new PreparedRequest.Ready(new EmbeddingJob(embedder, request));
    }
}
