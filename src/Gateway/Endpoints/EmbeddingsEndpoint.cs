using Microsoft.AspNetCore.Routing;
using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.Calls;
using Tollgate.Gateway.OpenApi;

namespace Tollgate.Gateway.Endpoints;

/// <summary><c>POST /v1/embeddings</c>.</summary>
internal sealed class EmbeddingsEndpoint() : JsonEndpoint<EmbeddingRequest>(PublicEndpoint.Embeddings), IEndpoint
{
    public override bool NamesModelInHeader => true;

    public void Map(IEndpointRouteBuilder routes) => routes.MapInference(this)
        .Describe(
            "createEmbedding", "Embeddings", "Turn texts into vectors", "Returns one vector for each input, in the order of the inputs.")
        .Takes<EmbeddingRequestBody>(EmbeddingExamples.Texts)
        .Answers<EmbeddingList>(
            EmbeddingExamples.Vectors, [.. AnswerHeaderTable.Limits, .. AnswerHeaderTable.Generated, AnswerHeaderTable.Model])
        .Fails(DocumentedErrors.OfInference(Api, "input"), [.. AnswerHeaderTable.OfKey, .. AnswerHeaderTable.Limits]);
}
