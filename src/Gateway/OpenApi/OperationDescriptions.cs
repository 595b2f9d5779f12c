using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.OpenApi;
using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.Calls;

namespace Tollgate.Gateway.OpenApi;

/// <summary>A body as an example of the document.</summary>
/// <param name="Name">Unique among the examples of one body.</param>
/// <param name="Json">The body; of a stream the whole text of its events.</param>
internal sealed record BodyExample(string Name, string Json);

/// <summary>Describes the operations of the API's document, beside the routes that they belong to.</summary>
internal static class OperationDescriptions
{
    private const string Json = DocumentedBodies.MediaType;
    private const string Events = "text/event-stream";
    private const string Ok = "200";
    private const string IdempotencyKey = "Idempotency-Key";

    /// <summary>Status of a stream's events until they are moved: the framework's generator takes one type a status.</summary>
    private const int Unsent = StatusCodes.Status206PartialContent;

    /// <summary>Names a route for generated clients and for readers.</summary>
    /// <param name="name">Operation id.</param>
    /// <param name="summary">A few words, for lists.</param>
    /// <param name="description">Markdown.</param>
    public static RouteHandlerBuilder Describe(
        this RouteHandlerBuilder route, string name, string tag, string summary, string description) =>
        route.WithName(name).WithTags(tag).WithSummary(summary).WithDescription(description);

    /// <summary>States that the operation needs no key. Comes behind the description of its answer.</summary>
    public static RouteHandlerBuilder WithoutKey(this RouteHandlerBuilder route) =>
        route.AddOpenApiOperationTransformer((operation, _, _) =>
        {
            operation.Security = [new OpenApiSecurityRequirement()];
            foreach (var header in AnswerHeaderTable.OfKey)
            {
                operation.Responses![Ok].Headers?.Remove(header);
            }

            return Task.CompletedTask;
        });

    /// <summary>Describes the body of JSON of a request that may have an <c>Idempotency-Key</c>.</summary>
    public static RouteHandlerBuilder Takes<T>(this RouteHandlerBuilder route, params IReadOnlyList<BodyExample> examples) =>
        route.TakesOnce<T>(examples).AddOpenApiOperationTransformer((operation, _, _) =>
        {
            AddIdempotencyKey(operation);
            return Task.CompletedTask;
        });

    /// <summary>Describes the body of JSON of a request whose answer is not kept.</summary>
    public static RouteHandlerBuilder TakesOnce<T>(this RouteHandlerBuilder route, params IReadOnlyList<BodyExample> examples) =>
        route.WithMetadata(new DocumentedBody(typeof(T))).AddOpenApiOperationTransformer((operation, _, _) =>
        {
            operation.RequestBody!.Content![Json].Examples = Examples(examples);
            return Task.CompletedTask;
        });

    /// <summary>
    /// Describes the body as a form; beside <see cref="Takes{T}"/> it is another way to send the request. A member of
    /// <typeparamref name="T"/> that is a file has the attribute <see cref="BinaryFileAttribute"/>.
    /// </summary>
    /// <param name="examples">Values of the fields, and names of files.</param>
    public static RouteHandlerBuilder TakesForm<T>(this RouteHandlerBuilder route, params IReadOnlyList<BodyExample> examples) =>
        route.TakesFormOnce<T>(examples).AddOpenApiOperationTransformer((operation, _, _) =>
        {
            AddIdempotencyKey(operation);
            return Task.CompletedTask;
        });

    /// <summary>The same for a request whose answer is not kept.</summary>
    public static RouteHandlerBuilder TakesFormOnce<T>(this RouteHandlerBuilder route, params IReadOnlyList<BodyExample> examples) =>
        route.AddOpenApiOperationTransformer(async (operation, context, cancellationToken) =>
        {
            var body = operation.RequestBody as OpenApiRequestBody ?? new OpenApiRequestBody { Required = true };
            body.Content ??= new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal);
            var schema = await context.GetOrCreateSchemaAsync(typeof(T), parameterDescription: null, cancellationToken);
            context.Document!.AddComponent(typeof(T).Name, schema);
            body.Content[RequestForm.MediaType] = new OpenApiMediaType
            {
                Schema = new OpenApiSchemaReference(typeof(T).Name, context.Document),
                Examples = Examples(examples),
            };
            operation.RequestBody = body;
        });

    /// <summary>Describes the answer in one piece.</summary>
    /// <param name="headers">Headers beside those of every answer to a known key.</param>
    public static RouteHandlerBuilder Answers<T>(
        this RouteHandlerBuilder route, BodyExample example, params IEnumerable<string> headers) =>
        route.Produces<T>(StatusCodes.Status200OK, Json).AddOpenApiOperationTransformer((operation, context, _) =>
        {
            var response = (OpenApiResponse)operation.Responses![Ok];
            response.Content![Json].Example = JsonNode.Parse(example.Json);
            AnswerHeaderTable.AddTo(
                response, context.Document!, [.. AnswerHeaderTable.Always, .. AnswerHeaderTable.OfKey, .. headers]);
            return Task.CompletedTask;
        });

    /// <summary>Describes the answer to an admin key, which has no project.</summary>
    public static RouteHandlerBuilder AnswersAdmin<T>(this RouteHandlerBuilder route, BodyExample example) =>
        route.Answers<T>(example, AnswerHeaders.Replayed).AddOpenApiOperationTransformer((operation, _, _) =>
        {
            operation.Responses![Ok].Headers?.Remove("openai-project");
            return Task.CompletedTask;
        });

    /// <summary>Describes a parameter of the path that the route's handler does not bind.</summary>
    public static RouteHandlerBuilder HasId(this RouteHandlerBuilder route, string name, string description) => route.AsksFor(
        new OpenApiParameter
        {
            Name = name,
            In = ParameterLocation.Path,
            Required = true,
            Description = description,
            Schema = new OpenApiSchema { Type = JsonSchemaType.String },
        });

    /// <summary>Describes parameters that the route's handler does not bind.</summary>
    public static RouteHandlerBuilder AsksFor(this RouteHandlerBuilder route, params IReadOnlyList<OpenApiParameter> parameters) =>
        route.AddOpenApiOperationTransformer((operation, _, _) =>
        {
            var bound = (operation.Parameters ?? []).Where(known => parameters.All(one => one.Name != known.Name));
            operation.Parameters = [.. bound, .. parameters];
            return Task.CompletedTask;
        });

    /// <summary>Describes an answer that is a file.</summary>
    public static RouteHandlerBuilder AnswersFile(this RouteHandlerBuilder route, string example) =>
        route.AddOpenApiOperationTransformer((operation, context, _) =>
        {
            const string Content = "FileContent";
            context.Document!.AddComponent(Content, new OpenApiSchema { Type = JsonSchemaType.String, Format = "binary" });
            operation.Responses ??= [];
            var response = new OpenApiResponse
            {
                Description = "The content of the file, in the media type that it was sent with.",
                Content = new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal)
                {
                    ["application/octet-stream"] = new()
                    {
                        Schema = new OpenApiSchemaReference(Content, context.Document),
                        Example = JsonValue.Create(example),
                    },
                },
            };
            AnswerHeaderTable.AddTo(response, context.Document, [.. AnswerHeaderTable.Always, .. AnswerHeaderTable.OfKey]);
            operation.Responses[Ok] = response;
            return Task.CompletedTask;
        });

    /// <summary>Describes the answer as a stream, beside the one in one piece. The schema is that of each event's data.</summary>
    /// <param name="end">How it ends, as a part of a sentence.</param>
    public static RouteHandlerBuilder Streams<TChunk>(
        this RouteHandlerBuilder route, BodyExample example,
        string end = "the last event is data: [DONE], or an error after which nothing follows.") =>
        route.Produces<TChunk>(Unsent, Events).AddOpenApiOperationTransformer((operation, _, _) =>
        {
            operation.Responses!.Remove($"{Unsent}", out var streamed);
            var response = (OpenApiResponse)operation.Responses[Ok];
            response.Description =
                $"In one piece, or for a request with stream: true as events. Each event's data is one chunk; {end} An event's id counts "
                + "the tokens so far.";
            var events = streamed!.Content![Events];
            events.Example = JsonValue.Create(example.Json);
            response.Content!.Add(Events, events);
            return Task.CompletedTask;
        });

    /// <summary>Describes the errors: one response a status, with the real errors of that status as examples.</summary>
    /// <param name="headers">Headers of every error to a known key, beside those of the error itself.</param>
    public static void Fails(this RouteHandlerBuilder route, IReadOnlyList<OpenAiError> errors, params IReadOnlyList<string> headers) =>
        route.Fails<ErrorBody>(errors, AnswerHeaderTable.Always, headers, static error => error.ToJson());

    /// <summary>The same for errors of another shape.</summary>
    /// <typeparam name="TBody">Their shape.</typeparam>
    /// <param name="always">Headers of every error.</param>
    /// <param name="toJson">An error in their shape.</param>
    public static void Fails<TBody>(
        this RouteHandlerBuilder route, IReadOnlyList<OpenAiError> errors, IReadOnlyList<string> always, IReadOnlyList<string> headers,
        Func<OpenAiError, byte[]> toJson)
    {
        foreach (var ofStatus in errors.GroupBy(error => error.Status).OrderBy(group => group.Key))
        {
            route.Produces<TBody>(ofStatus.Key, Json);
        }

        route.AddOpenApiOperationTransformer((operation, context, _) =>
        {
            foreach (var ofStatus in errors.GroupBy(error => error.Status))
            {
                var response = (OpenApiResponse)operation.Responses![$"{ofStatus.Key}"];
                AnswerHeaderTable.AddTo(
                    response, context.Document!,
                    [
                        .. always, .. ofStatus.Key == StatusCodes.Status401Unauthorized ? [] : headers,
                        .. ofStatus.SelectMany(AnswerHeaderTable.Of),
                    ]);
                response.Content![Json].Examples = Examples(ofStatus, toJson);
            }

            return Task.CompletedTask;
        });
    }

    private static Dictionary<string, IOpenApiExample> Examples(IEnumerable<BodyExample> examples) => examples.ToDictionary(
        example => example.Name,
        example => (IOpenApiExample)new OpenApiExample { Value = JsonNode.Parse(example.Json) },
        StringComparer.Ordinal);

    private static void AddIdempotencyKey(OpenApiOperation operation)
    {
        operation.Parameters ??= [];
        if (operation.Parameters.Any(parameter => parameter.Name == IdempotencyKey))
        {
            return;
        }

        operation.Parameters.Add(new OpenApiParameter
        {
            Name = IdempotencyKey,
            In = ParameterLocation.Header,
            Description = "Makes a retry safe: within 24 hours the same key and body get the first answer again and are billed once. "
                + "A form counts by its parts, not by its boundary.",
            Schema = new OpenApiSchema { Type = JsonSchemaType.String, MinLength = 1, MaxLength = 255, Pattern = "^[!-~]+$" },
        });
    }

    private static Dictionary<string, IOpenApiExample> Examples(IEnumerable<OpenAiError> errors, Func<OpenAiError, byte[]> toJson)
    {
        var examples = new Dictionary<string, IOpenApiExample>(StringComparer.Ordinal);
        foreach (var error in errors)
        {
            var name = error.Code ?? error.Type;
            for (var i = 2; examples.ContainsKey(name); i++)
            {
                name = $"{error.Code ?? error.Type}_{i}";
            }

            examples.Add(name, new OpenApiExample { Value = JsonNode.Parse(toJson(error)) });
        }

        return examples;
    }
}
