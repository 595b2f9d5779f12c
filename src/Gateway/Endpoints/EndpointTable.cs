using Microsoft.AspNetCore.Routing;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Gateway.Endpoints;

/// <summary>An endpoint of the public API as the gateway serves it.</summary>
internal interface IEndpoint
{
    /// <summary>Its line in the list that all services share.</summary>
    PublicEndpoint Api { get; }

    /// <summary>Maps its routes, and describes them for the API's document.</summary>
    void Map(IEndpointRouteBuilder routes);

    /// <summary>Maps the routes that run a model for the internal door. Default all routes.</summary>
    void MapCalls(IEndpointRouteBuilder routes) => Map(routes);
}

/// <summary>Every endpoint of the public API: one line an endpoint, in the order of <see cref="PublicEndpoint.Served"/>.</summary>
internal static class EndpointTable
{
    public static readonly IReadOnlyList<IEndpoint> All =
    [
        new ChatCompletionsEndpoint(),
        new MessagesEndpoint(),
        new CompletionsEndpoint(),
        new ResponsesEndpoint(),
        new EmbeddingsEndpoint(),
        new RerankEndpoint(),
        new ClassificationsEndpoint(),
        new PredictEndpoint(),
        new ModerationsEndpoint(),
        new ImageClassificationsEndpoint(),
        new ImageDetectionsEndpoint(),
        new ImageOcrEndpoint(),
        new TranscriptionsEndpoint(),
        new TranslationsEndpoint(),
        new ImageGenerationsEndpoint(),
        new TensorsEndpoint(),
        new ModelsEndpoint(),
        new FilesEndpoint(),
        new BatchesEndpoint(),
        new FineTuningEndpoint(),
        new FederatedEndpoint(),
        new OrganizationEndpoint(),
    ];

    /// <summary>Endpoints that only the internal door serves.</summary>
    public static readonly IReadOnlyList<IEndpoint> Internal = [new TrainingRunsEndpoint()];
}
