using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;

namespace Tollgate.Gateway.OpenApi;

/// <summary>The API's own description, <c>GET /openapi/v1.json</c>; readable without a key.</summary>
internal static class OpenApiDescriptions
{
    private const string Bearer = "bearer";

    public static WebApplicationBuilder AddOpenApiDocument(this WebApplicationBuilder builder)
    {
        builder.Services.AddOpenApi("v1", options =>
        {
            options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
            options.AddDocumentTransformer(DescribeDocumentAsync);
        });
        return builder;
    }

    public static void MapOpenApiDocument(this IEndpointRouteBuilder routes) =>
        routes.MapOpenApi("/openapi/{documentName}.json").ExcludeFromDescription();

    public static void DescribeChatCompletions(this RouteHandlerBuilder route) => route
        .Describe("createChatCompletion", "Chat", "Answers a conversation, in one piece or as a stream.")
        .Takes<ChatCompletionRequest>()
        .Answers<ChatCompletion>(streams: true);

    public static void DescribeCompletions(this RouteHandlerBuilder route) => route
        .Describe("createCompletion", "Completions", "Continues a text.")
        .Takes<CompletionRequestBody>()
        .Answers<CompletionObject>(streams: true);

    public static void DescribeEngineCompletions(this RouteHandlerBuilder route) => route
        .Describe("createEngineCompletion", "Completions", "Continues a text; the older form with the model in the path.")
        .Takes<CompletionBody>()
        .Answers<CompletionObject>(streams: true);

    public static void DescribeEmbeddings(this RouteHandlerBuilder route) => route
        .Describe("createEmbedding", "Embeddings", "Turns texts into vectors.")
        .Takes<EmbeddingRequestBody>()
        .Answers<EmbeddingList>(streams: false);

    public static void DescribeModelList(this RouteHandlerBuilder route) => route
        .Describe("listModels", "Models", "Lists the models and aliases that the key can call.")
        .Produces<ModelList>()
        .Errors(401, 403, 503);

    public static void DescribeModel(this RouteHandlerBuilder route) => route
        .Describe("retrieveModel", "Models", "Shows one model.")
        .Produces<ListedModelObject>()
        .Errors(401, 403, 404, 503);

    private static RouteHandlerBuilder Describe(this RouteHandlerBuilder route, string name, string tag, string summary) =>
        route.WithName(name).WithTags(tag).WithSummary(summary);

    /// <summary>Describes the body without making routing look at its content type: a wrong one gets the API's own answer.</summary>
    private static RouteHandlerBuilder Takes<T>(this RouteHandlerBuilder route) =>
        route.AddOpenApiOperationTransformer(static async (operation, context, cancellationToken) =>
        {
            var schema = await context.GetOrCreateSchemaAsync(typeof(T), null, cancellationToken);
            operation.RequestBody = new OpenApiRequestBody
            {
                Required = true,
                Content = new Dictionary<string,
                OpenApiMediaType>(StringComparer.Ordinal) { ["application/json"] = new() { Schema = schema } },
            };
            operation.Parameters ??= [];
            operation.Parameters.Add(new OpenApiParameter
            {
                Name = "Idempotency-Key",
                In = ParameterLocation.Header,
                Description = "Makes a retry safe: within 24 hours the same key and body get the first answer again and are billed once.",
                Schema = new OpenApiSchema { Type = JsonSchemaType.String, MinLength = 1, MaxLength = 255, Pattern = "^[!-~]+$" },
            });
        });

    private static void Answers<T>(this RouteHandlerBuilder route, bool streams)
    {
        if (streams)
        {
            route.Produces<T>(StatusCodes.Status200OK, "application/json", "text/event-stream");
        }
        else
        {
            route.Produces<T>();
        }

        route.Errors(400, 401, 403, 404, 408, 409, 413, 415, 429, 500, 502, 503, 504);
    }

    private static void Errors(this RouteHandlerBuilder route, params ReadOnlySpan<int> statuses)
    {
        foreach (var status in statuses)
        {
            route.Produces<ErrorBody>(status);
        }
    }

    private static Task DescribeDocumentAsync(
        OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        document.Info.Title = "Tollgate API";
        document.Info.Version = "v1";
        document.Info.Description = "OpenAI-compatible. Use any OpenAI client with this server's address and a key of the portal.";
        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>(StringComparer.Ordinal)
        {
            [Bearer] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = "bearer",
                Description = "An API key of the portal, sk-tg-…",
            },
        };
        document.Security =
        [
            new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Bearer, document)] = [] },
        ];
        return Task.CompletedTask;
    }
}
