using Microsoft.AspNetCore.Routing;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Workers;
using Tollgate.Gateway.Calls;
using Tollgate.Gateway.OpenApi;

namespace Tollgate.Gateway.Endpoints;

/// <summary><c>POST /v1/rerank</c>, by models that rank and by models of embeddings.</summary>
internal sealed class RerankEndpoint() : JsonEndpoint<RerankRequest>(PublicEndpoint.Rerank), IEndpoint
{
    public override bool NamesModelInHeader => true;

    public override OpenAiError? Refuse(ModelCard card) => card.Task == ModelTask.Embeddings.Name ? null : base.Refuse(card);

    public void Map(IEndpointRouteBuilder routes)
    {
        Map(routes, Api.Paths[0], "createRerank");
        Map(routes, Api.Paths[1], "createRerankV2");
    }

    private void Map(IEndpointRouteBuilder routes, string path, string operation) => routes.MapInference(this, path)
        .Describe(
            operation, "Rerank", "Order documents by a query",
            "Returns the documents by their relevance to the query, the most relevant first; of equal ones the first of the request. The "
            + "score of a model that ranks is the sigmoid of its logit, 0 to 1; that of an embedding model is the cosine of the vectors of "
            + "query and document, -1 to 1. A document longer than the model reads is cut; a query that leaves no room for documents is "
            + "refused. Requests and answers have the members of Cohere's and Jina's endpoints.")
        .Takes<RerankRequestBody>(RerankExamples.Texts)
        .Answers<RerankResults>(
            RerankExamples.Results, [.. AnswerHeaderTable.Limits, .. AnswerHeaderTable.Generated, AnswerHeaderTable.Model])
        .Fails(DocumentedErrors.OfInference(Api, "query"), [.. AnswerHeaderTable.OfKey, .. AnswerHeaderTable.Limits]);
}
