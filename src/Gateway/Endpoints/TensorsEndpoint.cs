using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Tensors;
using Tollgate.Contracts.Workers;
using Tollgate.Gateway.Calls;
using Tollgate.Gateway.Catalogue;
using Tollgate.Gateway.OpenApi;
using Tollgate.Gateway.Pipeline;

namespace Tollgate.Gateway.Endpoints;

/// <summary>The Open Inference Protocol, version 2: <c>POST /v2/models/{model}/infer</c>, and what describes the server and its models.
/// </summary>
/// <remarks>
/// Whether the server is live and ready is answered without a key, because orchestrators and the protocol's clients ask so; the answer
/// holds nothing else. Whether a model is ready is told by that model alone, so that loading one changes nothing for a probe of the
/// server.
/// </remarks>
internal sealed class TensorsEndpoint() : InferenceEndpoint(PublicEndpoint.Tensors, "v2/infer"), IEndpoint
{
    private const string Tag = "Models of any kind";

    /// <summary>The JSON has two levels and lists in lists.</summary>
    private const int MostDepth = RequestDepth + TensorSignature.MostDimensions;

    private const int RequestDepth = 8;

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);

    public void Map(IEndpointRouteBuilder routes)
    {
        Document(routes.MapInferenceOfModel(this, Api.Paths[0]).Describe(
            "infer", Tag, "Call a model with tensors",
            "Runs a model of any kind on named tensors and returns tensors. A tensor stands as `data` in the JSON, flat or as lists in "
            + "lists, or in binary form behind it: its parameter `binary_data_size` states how many bytes, the header "
            + $"`{TensorBodies.HeaderLength}` where they begin. Outputs come in binary form with the parameter `binary_data_output`, or "
            + "`binary_data` of one output. FP16 and BF16 have the binary form alone. A number that is not finite has it too: JSON holds "
            + "none."));
        Document(routes.MapInferenceOfVersion(this, Api.Paths[1]).Describe(
            "inferVersion", Tag, "Call a version of a model", "The same by a version that is in service; any other one is not found."));
        DocumentState<InferServerBody>(
            routes.MapGet(Api.Paths[2], DescribeServerAsync).Describe(
                "describeServer", Tag, "Show the server", "Returns the server's name, version and extensions."),
            TensorsExamples.Server);
        DocumentHealth<LiveBody>(
            routes.MapGet(Api.Paths[3], ShowLiveAsync).Describe(
                "isServerLive", Tag, "Ask whether the server is live",
                "Answers 200, without a key too. Whether a model is loaded changes nothing."),
            TensorsExamples.Live);
        DocumentHealth<ReadyBody>(
            routes.MapGet(Api.Paths[4], ShowReadyAsync).Describe(
                "isServerReady", Tag, "Ask whether the server is ready",
                "Answers 200 where requests can be admitted, else 503; without a key too. Whether a model is ready, its own URL states."),
            TensorsExamples.Ready);
        DocumentModel<InferModelBody>(
            routes.MapGet(Api.Paths[5], DescribeModelAsync).Describe(
                "describeModel", Tag, "Show a model's tensors", "Returns names, datatypes and shapes of a model's inputs and outputs."),
            TensorsExamples.Model);
        DocumentModel<ModelReadyBody>(
            routes.MapGet(Api.Paths[6], ShowModelReadyAsync).Describe(
                "isModelReady", Tag, "Ask whether a model is ready", "Answers 200 where the model can be called, 400 where it is away."),
            TensorsExamples.ModelReady);
        DocumentModel<InferModelBody>(
            routes.MapGet(Api.Paths[7], DescribeVersionAsync).Describe(
                "describeModelVersion", Tag, "Show the tensors of a version", "The same for one version."),
            TensorsExamples.Model);
        DocumentModel<ModelReadyBody>(
            routes.MapGet(Api.Paths[8], ShowVersionReadyAsync).Describe(
                "isModelVersionReady", Tag, "Ask whether a version is ready", "The same for one version."),
            TensorsExamples.ModelReady);
    }

    /// <summary>Only inferences run a model.</summary>
    public void MapCalls(IEndpointRouteBuilder routes)
    {
        routes.MapInferenceOfModel(this, Api.Paths[0]);
        routes.MapInferenceOfVersion(this, Api.Paths[1]);
    }

    public override bool TakesUnlabelledJson => true;

    public override bool TryParse(
        ReadOnlyMemory<byte> body, int? headerLength, ModelInUrl model, [NotNullWhen(true)] out InferenceRequest? request,
        [NotNullWhen(false)] out OpenAiError? error)
    {
        var read = InferRequest.TryParse(body, headerLength, model.Model, model.Version, out var parsed, out error);
        request = parsed;
        return read;
    }

    public override OpenAiError? Refuse(ModelCard card, InferenceRequest request)
    {
        var infer = (InferRequest)request;
        return card.Tensors is { } signature ? signature.FindFault(infer)
            : OpenAiError.ModelUnavailable(card.Name, TimeSpan.FromSeconds(1));
    }

    public override int? HeaderLengthOf(ReadOnlySpan<byte> answer)
    {
        var json = new Utf8JsonReader(answer, new JsonReaderOptions { MaxDepth = MostDepth });
        while (json.Read() && json.CurrentDepth > 0 || json.TokenType == JsonTokenType.StartObject)
        {
            // To the end of the object.
        }

        return json.BytesConsumed < answer.Length ? (int)json.BytesConsumed : null;
    }

    internal static Task DescribeServerAsync(HttpContext context, RequestEntry door) =>
        AnswerAsync(context, door, static writer => ServerState.WriteServer(writer));

    internal static Task ShowLiveAsync(HttpContext context, RequestEntry door)
    {
        door.Open(ApiCall.Of(context), PublicEndpoint.Tensors);
        return WriteAsync(context, static writer => ServerState.WriteFlag(writer, "live"));
    }

    internal static async Task ShowReadyAsync(HttpContext context, RequestEntry door, ServerReadiness readiness)
    {
        door.Open(ApiCall.Of(context), PublicEndpoint.Tensors);
        await (await readiness.LookAsync(context.RequestAborted)
            ? WriteAsync(context, static writer => ServerState.WriteFlag(writer, "ready"))
            : OpenAiErrorResult.WriteAsync(context, OpenAiError.Overloaded(Soon)));
    }

    internal static Task DescribeModelAsync(
        HttpContext context, [Description(EndpointRoutes.ModelInPath)] string model, RequestEntry door, ModelDirectory models) =>
        AnswerAsync(context, door, models, model, null, ServerState.WriteModel);

    internal static Task DescribeVersionAsync(
        HttpContext context, [Description(EndpointRoutes.ModelInPath)] string model,
        [Description(EndpointRoutes.VersionInPath)] string version, RequestEntry door, ModelDirectory models) =>
        AnswerAsync(context, door, models, model, version, ServerState.WriteModel);

    internal static Task ShowModelReadyAsync(
        HttpContext context, [Description(EndpointRoutes.ModelInPath)] string model, RequestEntry door, ModelDirectory models) =>
        AnswerAsync(
            context, door, models, model, null, static (writer, card, _) => ServerState.WriteModelReady(writer, card), mustServe: true);

    internal static Task ShowVersionReadyAsync(
        HttpContext context, [Description(EndpointRoutes.ModelInPath)] string model,
        [Description(EndpointRoutes.VersionInPath)] string version, RequestEntry door, ModelDirectory models) =>
        AnswerAsync(
            context, door, models, model, version, static (writer, card, _) => ServerState.WriteModelReady(writer, card),
            mustServe: true);

    private static async Task AnswerAsync(HttpContext context, RequestEntry door, Action<Utf8JsonWriter> write)
    {
        if (await EnterAsync(context, door) is not null)
        {
            await WriteAsync(context, write);
        }
    }

    private static async Task AnswerAsync(
        HttpContext context, RequestEntry door, ModelDirectory models, string name, string? version,
        Action<Utf8JsonWriter, ModelCard, IReadOnlyList<string>> write, bool mustServe = false)
    {
        if (await EnterAsync(context, door) is not { } caller)
        {
            return;
        }

        name = EndpointRoutes.Unescape(name);
        var model = models.Resolve(name, caller, Guid.Empty, version);
        var serving = model is null ? [] : models.InService(model.Model);
        var error = model is null ? models.Refuse(name, caller, OpenAiErrorResult.Quotable(name))
            : model.LacksVersion is { } lacking ? OpenAiError.VersionNotFound(model.Model, lacking)
            : model.Card is null ? OpenAiError.ModelNotReady(model.Model)
            : model.Card.Task != PublicEndpoint.Tensors.Task!.Name ? OpenAiError.ModelNotForEndpoint(model.Model, "v2")
            : model.Card.Tensors is null || (mustServe && (model.IsUnloaded || !serving.Contains(model.Card.Version)))
            ? OpenAiError.ModelNotReady(model.Model) : null;
        await (error is null
            ? WriteAsync(context, writer => write(writer, model!.Card!, serving))
            : OpenAiErrorResult.WriteAsync(context, error));
    }

    private static async Task<Authentication.Caller?> EnterAsync(HttpContext context, RequestEntry door)
    {
        var call = ApiCall.Of(context);
        return await door.EnterAsync(context, call, PublicEndpoint.Tensors) is { } shown
            ? await door.CheckAsync(context, call, PublicEndpoint.Tensors, shown) : null;
    }

    private static async Task WriteAsync(HttpContext context, Action<Utf8JsonWriter> write)
    {
        var body = Utf8Json.Write(write, static (one, writer) => one(writer));
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = body.Length;
        await context.Response.BodyWriter.WriteAsync(body, context.RequestAborted);
    }

    private void Document(RouteHandlerBuilder route) => route
        .Takes<InferRequestBody>(TensorsExamples.Request, TensorsExamples.BinaryRequest)
        .Answers<InferBody>(
            TensorsExamples.Answer, [.. AnswerHeaderTable.Limits, .. AnswerHeaderTable.Generated, AnswerHeaderTable.TensorsBegin])
        .Fails<InferErrorBody>(
            [
                .. DocumentedErrors.OfInference(Api, "inputs"), OpenAiError.MissingTensor("x"), OpenAiError.VersionNotFound("m", "7"),
                OpenAiError.InvalidHeader(TensorBodies.HeaderLength, "the body has 10 bytes"),
                OpenAiError.OutputNeedsBinary("y", "is FP16, which JSON has no form for"), OpenAiError.AnswerTooLarge("m"),
                OpenAiError.ModelRefused("m"), OpenAiError.RunTooLong("m", TimeSpan.FromSeconds(60)),
            ],
            Always, [.. AnswerHeaderTable.OfKey, .. AnswerHeaderTable.Limits], ToBody);

    private void DocumentState<T>(RouteHandlerBuilder route, BodyExample example) => route.Answers<T>(example)
        .Fails<InferErrorBody>(DocumentedErrors.OfEveryCall(Api.Scope), Always, AnswerHeaderTable.OfKey, ToBody);

    private void DocumentHealth<T>(RouteHandlerBuilder route, BodyExample example) => route.Answers<T>(example).WithoutKey()
        .Fails<InferErrorBody>([OpenAiError.ServerError(), OpenAiError.Overloaded(Soon)], Always, [], ToBody);

    private void DocumentModel<T>(RouteHandlerBuilder route, BodyExample example) => route.Answers<T>(example).Fails<InferErrorBody>(
        [
            .. DocumentedErrors.OfModel(Api.Scope), OpenAiError.ModelNotForEndpoint("tiny-assistant", "v2"),
            OpenAiError.VersionNotFound("m", "7"), OpenAiError.ModelNotReady("m"),
        ],
        Always, AnswerHeaderTable.OfKey, ToBody);

    private static IReadOnlyList<string> Always => [.. AnswerHeaderTable.Always, .. AnswerHeaderTable.OfTensorError];

    private byte[] ToBody(OpenAiError error) => Wire.ToBody(error, requestId: "");
}
